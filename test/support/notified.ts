import { DatabaseSync } from 'node:sqlite';
import { LateActivities } from '../../src/control/late-activities.ts';
import { Notifications } from '../../src/control/notifications.ts';
import { type Activity, PLAIN_ACTIVITY, type StoredActivity } from '../../src/model/activity.ts';
import { NO_FLEET } from '../../src/model/fleet.ts';
import type { NotificationDestination } from '../../src/model/notification.ts';
import type { NotificationMessage } from '../../src/model/notification-message.ts';
import { PortError } from '../../src/ports/errors.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { settle, VirtualClock } from '../simulation/world/virtual-clock.ts';
import { runUntilDone } from './virtual-time.ts';

/** A webhook that gets everything at once, unless told otherwise. */
export function aDestination(changes: Partial<NotificationDestination> = {}): NotificationDestination {
  return {
    name: 'hook',
    type: 'webhook',
    settings: {},
    level: 'info',
    categories: [],
    groups: [],
    groupWaitMs: 0,
    groupIntervalMs: 0,
    quietHours: null,
    ...changes,
  };
}

export interface Delivery {
  readonly to: string;
  readonly message: NotificationMessage;
  readonly atMs: number;
}

/** What a receiver does with one message. */
export type Receive = (message: NotificationMessage, signal: AbortSignal) => Promise<void>;

/** Destinations over a real store on a virtual clock: activities are recorded, receivers take them or do not, and the controller may crash. */
export class Notified {
  readonly clock = new VirtualClock();
  readonly #database = new DatabaseSync(':memory:');
  /** Everything that has arrived, whatever the receiver answered. */
  readonly arrived: Delivery[] = [];
  readonly problems: string[] = [];
  readonly defects: unknown[] = [];
  /** By the name of the destination. */
  readonly receivers = new Map<string, Receive>();
  takes: 'all' | 'summary' = 'all';
  isFull = false;
  #destinations: readonly NotificationDestination[] = [];
  #life: { readonly stop: AbortController; readonly store: Store; readonly notifications: Notifications } | null = null;
  #seeds = 0;

  async start(destinations: readonly NotificationDestination[]): Promise<void> {
    const { clock } = this;
    const database = await openSqliteStore({ database: this.#database });
    const stop = new AbortController();
    const store: Store = {
      ...database,
      commit: async (change) => {
        if (stop.signal.aborted) return new Promise(() => {});
        if (this.isFull) throw new PortError('NoCapacity', 'diskFull', 'the disk is full');
        await database.commit(change);
      },
    };
    const onProblem = (message: string) => void this.problems.push(message);
    const late = new LateActivities({
      store,
      clock,
      onProblem,
      onRecorded: () => notifications.notify(),
      signal: stop.signal,
    });
    const notifications = new Notifications(
      {
        store: late.store,
        clock,
        ids: { seed: () => `${this.#seeds++}` },
        open: ({ name }) => ({
          takes: this.takes,
          timeoutMs: 20_000,
          notifier: {
            deliver: async (message, signal) => {
              this.arrived.push({ to: name, message, atMs: clock.elapsedMs });
              const receive = this.receivers.get(name);
              if (receive !== undefined) await receive(message, signal);
            },
          },
        }),
        onProblem,
        onDefect: (_, error) => void this.defects.push(error),
      },
      stop.signal,
    );
    this.#life = { stop, store: late.store, notifications };
    await notifications.load();
    this.follow(destinations);
    await this.pass(1);
  }

  follow(destinations: readonly NotificationDestination[]): void {
    this.#destinations = destinations;
    this.notifications.follow({ ...NO_FLEET, name: 'shop', notifications: destinations });
  }

  get notifications(): Notifications {
    if (this.#life === null) throw new Error('it was not started');
    return this.#life.notifications;
  }

  get store(): Store {
    if (this.#life === null) throw new Error('it was not started');
    return this.#life.store;
  }

  /** Ends at once: what was not committed is lost. The next controller begins. */
  async crash(): Promise<void> {
    this.#life?.stop.abort();
    await this.start(this.#destinations);
  }

  async record(...activities: readonly Partial<Activity>[]): Promise<void> {
    const all = activities.map(
      (one): Activity => ({
        ...PLAIN_ACTIVITY,
        at: this.clock.now(),
        group: 'web',
        reason: 'launch',
        message: 'm',
        ...one,
      }),
    );
    await this.store.commit({ memory: null, instances: [], activities: all });
  }

  /** Time goes on until the work has come to its end. */
  async during<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    await settle();
    return runUntilDone(this.clock, work, 10_000);
  }

  async pass(ms: number): Promise<void> {
    // What was begun plans its own events first.
    await settle();
    let over = false;
    this.clock.plan(ms, () => {
      over = true;
    });
    while (!over) await this.clock.advance();
  }

  async activities(): Promise<readonly StoredActivity[]> {
    return this.store.activities({ limit: 10_000 });
  }

  /** The sequence numbers of what has arrived, message by message. */
  sequences(): number[][] {
    return this.arrived.map(({ message }) => message.activities.map(({ sequence }) => sequence));
  }
}
