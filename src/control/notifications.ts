import { didYouMean } from '../base/suggest.ts';
import { TEST_LINE, TEST_TITLE } from '../decide/notifications/text.ts';
import type { Fleet } from '../model/fleet.ts';
import type { NotificationCursor, NotificationDestination } from '../model/notification.ts';
import type { NotificationMessage } from '../model/notification-message.ts';
import { asPortError } from '../ports/errors.ts';
import type { NotificationStatus } from '../views/notifications.ts';
import { keepRunning } from './defects.ts';
import type { FleetNotifications } from './fleet-notifications.ts';
import { NotificationLoop, type NotificationLoopContext } from './notification-loop.ts';
import { ServiceError } from './service.ts';

/** One loop for each destination: none waits for another one, and nothing else waits for them. */
export class Notifications implements FleetNotifications {
  readonly #context: Omit<NotificationLoopContext, 'fleet'>;
  readonly #signal: AbortSignal;
  readonly #running = new Map<
    string,
    { readonly loop: NotificationLoop; readonly stop: AbortController; done: Promise<void> }
  >();
  #fleet = '';
  /** What was stored before anything was followed, by name. */
  #stored: ReadonlyMap<string, NotificationCursor> = new Map();

  constructor(context: Omit<NotificationLoopContext, 'fleet'>, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** Reads how far each destination has come; before there is a fleet to follow. */
  async load(): Promise<void> {
    const cursors = await this.#context.store.notificationCursors();
    this.#stored = new Map(cursors.map((cursor) => [cursor.name, cursor]));
  }

  /** From now on these are the destinations. */
  follow({ name: fleet, notifications }: Fleet): void {
    this.#fleet = fleet;
    const names = new Set(notifications.map(({ name }) => name));
    const gone = [...this.#stored.keys(), ...this.#running.keys()].filter((name) => !names.has(name));
    for (const destination of notifications) {
      const running = this.#running.get(destination.name);
      if (running === undefined) this.#start(destination);
      else running.loop.update(destination);
    }
    this.#stored = new Map();
    if (gone.length > 0) void this.#end(new Set(gone));
  }

  #start(destination: NotificationDestination): void {
    const { name } = destination;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    const context = { ...this.#context, fleet: () => this.#fleet };
    const loop = new NotificationLoop(destination, this.#stored.get(name) ?? null, context);
    const run = () =>
      keepRunning(`the notifications of ${name}`, this.#context, signal, (stopped) => loop.run(stopped));
    this.#running.set(name, { loop, stop, done: run() });
  }

  /** What waited for a destination that there is no more is forgotten; one that comes back begins anew. */
  async #end(names: ReadonlySet<string>): Promise<void> {
    const ended = [...names].flatMap((name) => this.#running.get(name) ?? []);
    for (const name of names) this.#running.delete(name);
    for (const { stop } of ended) stop.abort('ended');
    await Promise.all(ended.map(({ done }) => done));
    // Meanwhile one of them may be back, and must not lose what it has begun with.
    const gone = [...names].filter((name) => !this.#running.has(name));
    try {
      const change = { memory: null, instances: [], activities: [], endedNotifications: gone };
      if (gone.length > 0) await this.#context.store.commit(change);
    } catch (error) {
      // It is found again at the next start.
      this.#context.onProblem(`notifications: ${asPortError(error).message}`, error);
    }
  }

  /** Activities have been recorded. */
  notify(): void {
    for (const { loop } of this.#running.values()) loop.notify();
  }

  /** The fleet has come down: sends what waits, as far as receivers take it soon. */
  async sendLast(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ loop }) => loop.sendLast()));
  }

  /** Resolves when none sends any more, after the signal. */
  async stopped(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  list(): readonly NotificationStatus[] {
    return [...this.#running.values()].map(({ loop }) => statusOf(loop));
  }

  async test(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) {
      const known = [...this.#running.keys()];
      const hint = known.length === 0 ? 'it has none; describe one under notifications' : didYouMean(name, known);
      throw new ServiceError(
        'notFound',
        `There is no destination ${name} of notifications in fleet ${this.#fleet}; ${hint}.`,
      );
    }
    try {
      await running.loop.test(this.#testMessage(name), this.#signal);
    } catch (error) {
      throw new ServiceError('conflict', `The test message was not delivered: ${asPortError(error).message}.`);
    }
  }

  #testMessage(destination: string): NotificationMessage {
    const { ids, clock } = this.#context;
    return {
      id: `msg_${ids.seed()}`,
      kind: 'test',
      fleet: this.#fleet,
      destination,
      at: clock.now(),
      level: 'info',
      title: `${this.#fleet}: ${TEST_TITLE}`,
      lines: [TEST_LINE],
      count: 0,
      lost: 0,
      summary: [],
      activities: [],
    };
  }
}

function statusOf({ destination, state }: NotificationLoop): NotificationStatus {
  const { name, type, level, categories, groups } = destination;
  const { cursor, waiting, error } = state;
  const isDisabled = cursor !== null && cursor.disabled !== null;
  const why = error ?? (isDisabled ? cursor.disabled.why : (cursor?.failing?.why ?? null));
  return {
    name,
    type,
    level,
    categories,
    groups,
    state: isDisabled ? 'disabled' : why === null ? 'working' : 'failing',
    lastDeliveredAt: cursor?.lastDeliveredAt ?? null,
    error: why,
    waiting,
  };
}
