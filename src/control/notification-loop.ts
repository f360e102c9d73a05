import { Backoff, type BackoffLimits } from '../base/backoff.ts';
import { Serial } from '../base/serial.ts';
import { ABOUT_DESTINATION } from '../decide/notifications/concerns.ts';
import { Gathering } from '../decide/notifications/gathering.ts';
import { type NextSend, nextSend, type SendState } from '../decide/notifications/next-send.ts';
import { type Activity, type ActivityLevel, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { NotificationCursor, NotificationDestination } from '../model/notification.ts';
import type { NotificationMessage } from '../model/notification-message.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asPortError, isDefect, type PortError } from '../ports/errors.ts';
import type { Ids } from '../ports/ids.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Store } from '../ports/store.ts';
import type { OnDefect } from './defects.ts';
import { Stopwatch } from './stopwatch.ts';
import { Wake } from './wake.ts';

/** After a try that failed, and after the store failed. */
const BACKOFF: BackoffLimits = { minMs: 2_000, maxMs: 10 * 60_000 };
/** A receiver that asks for more is asked again after this all the same. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** So many tries have to fail in a row before that is reported. */
const REPORTED_AFTER_FAILURES = 3;
/** One that fails again and again is reported so often at most. */
const REPORT_EVERY_MS = 60 * 60_000;
/** What is committed in a burst is read at once. */
const GATHER_MS = 50;
const PAGE_ACTIVITIES = 500;
/** So many activities that are not for the destination are passed over before that is recorded. */
const PASSED_OVER = 500;
/** While something waits for its time, the time of day is read so often: somebody may set it. */
const MAX_WAIT_MS = 10 * 60_000;
/** How long the last messages may take when the fleet has come down. */
const LAST_MS = 10_000;

export interface OpenedNotifier {
  readonly notifier: Notifier;
  readonly takes: 'all' | 'summary';
  /** Of one try. */
  readonly timeoutMs: number;
}

export interface NotificationLoopContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The fleet's name. */
  readonly fleet: () => string;
  /** @throws PortError */
  readonly open: (destination: NotificationDestination) => OpenedNotifier;
  readonly onProblem: (message: string, error?: unknown) => void;
  readonly onDefect: OnDefect;
}

/** What a person sees of a destination. */
export interface NotificationState {
  readonly cursor: NotificationCursor | null;
  /** How many activities wait, of those that were looked at; in a message that was begun, or for the next one. */
  readonly waiting: number;
  /** Why the newest try failed; null where it did not. */
  readonly error: string | null;
}

/**
 * Sends the activities that the store keeps to one destination, in their order. What is to be sent is committed before it is sent, and that it was
 * delivered after: so each is delivered at least once, and what may be delivered twice carries the same id. It follows commits, and sleeps
 * without a timer while there is nothing to send.
 */
export class NotificationLoop {
  readonly #context: NotificationLoopContext;
  readonly #wake: Wake;
  readonly #backoff: Backoff;
  /** A test may come in between. */
  readonly #turn = new Serial();
  #destination: NotificationDestination;
  #opened: OpenedNotifier | null = null;
  #cursor: NotificationCursor | null;
  /** What comes after the message that was begun, or after what was delivered. */
  #gathering: Gathering | null = null;
  #gatheringSinceMs = 0;
  /** The message that was begun. */
  #message: NotificationMessage | null = null;
  /** Whether it was delivered, which could not be recorded yet. */
  #isDelivered = false;
  #last: SendState['last'] = null;
  #retryMs: number | null = null;
  #failures = 0;
  #failingSince: Stopwatch | null = null;
  #error: string | null = null;
  #reportedMs: number | null = null;
  /** While the last messages are sent: nothing waits for others. */
  #isLast = false;
  #onRest: (() => void) | null = null;

  /** @param cursor null for a destination that is new: it hears of what happens from then on */
  constructor(
    destination: NotificationDestination,
    cursor: NotificationCursor | null,
    context: NotificationLoopContext,
  ) {
    this.#destination = destination;
    this.#cursor = cursor;
    this.#context = context;
    this.#wake = new Wake(context.clock);
    this.#backoff = new Backoff(BACKOFF, () => context.ids.seed());
  }

  get destination(): NotificationDestination {
    return this.#destination;
  }

  get state(): NotificationState {
    const waiting = (this.#message?.count ?? 0) + (this.#gathering?.count ?? 0);
    return { cursor: this.#cursor, waiting, error: this.#error };
  }

  /** Activities have been recorded. */
  notify(): void {
    this.#wake.notify();
  }

  /** It is described otherwise now: what was begun is put together anew, and tried at once. */
  update(destination: NotificationDestination): void {
    if (JSON.stringify(destination) === JSON.stringify(this.#destination)) return;
    this.#destination = destination;
    this.#opened = null;
    this.#gathering = null;
    this.#message = null;
    this.#retryMs = null;
    this.#wake.notify();
  }

  /** Sends a message that says that it is a test, now, whatever waits. @throws PortError */
  async test(message: NotificationMessage, signal: AbortSignal): Promise<void> {
    await this.#deliver(message, signal);
    this.#retryMs = null;
    const { disabled } = this.#cursor ?? { disabled: null };
    if (disabled !== null) await this.#commit({ disabled: null });
    this.#wake.notify();
  }

  /** Sends what waits without waiting for more, as far as the receiver takes it soon; not in quiet hours. */
  async sendLast(): Promise<void> {
    const { clock } = this.#context;
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = new AbortController();
    this.#isLast = true;
    this.#onRest = resolve;
    this.#wake.notify();
    await Promise.race([promise, clock.sleep(LAST_MS, over.signal)]);
    over.abort('done');
    this.#isLast = false;
    this.#onRest = null;
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake.notify(), { once: true });
    const { clock } = this.#context;
    while (!signal.aborted) {
      const step = await this.#step(signal);
      if (signal.aborted || step.kind === 'send') continue;
      this.#onRest?.();
      if (step.kind === 'wait') await this.#wake.wait(Math.min(step.forMs, MAX_WAIT_MS));
      else {
        await this.#wake.untilNotified();
        await clock.sleep(GATHER_MS, signal);
      }
    }
  }

  /** Gathers what is new, and tries to send it if it is time for that. @returns what it has come to */
  async #step(signal: AbortSignal): Promise<NextSend> {
    const { clock, onProblem } = this.#context;
    try {
      const gathering = await this.#gather(signal);
      const step = this.#next(gathering);
      if (step.kind === 'send') await this.#send(gathering, signal);
      return step;
    } catch (error) {
      if (isDefect(error)) throw error;
      // The store: whatever the receiver does is handled where it is asked.
      const waitMs = this.#backoff.next();
      this.#retryMs = clock.steadyMs() + waitMs;
      onProblem(`notifications of ${this.#destination.name}: ${asPortError(error).message}`, error);
      return { kind: 'wait', forMs: waitMs, isQuiet: false };
    }
  }

  #next(gathering: Gathering): NextSend {
    const { disabled, pending } = this.#cursor ?? { disabled: null, pending: null };
    if (disabled !== null && disabled.settings === this.#settings) return { kind: 'nothing' };
    const { clock } = this.#context;
    const waiting = gathering.isEmpty
      ? null
      : { sinceMs: this.#gatheringSinceMs, level: gathering.level, isFull: gathering.isFull };
    const state = { waiting, isPending: pending !== null, last: this.#last, retryMs: this.#retryMs };
    const times = this.#isLast ? { ...this.#destination, groupWaitMs: 0, groupIntervalMs: 0 } : this.#destination;
    return nextSend(times, state, { at: clock.now(), steadyMs: clock.steadyMs() });
  }

  /** Reads what was recorded since the last time. */
  async #gather(signal: AbortSignal): Promise<Gathering> {
    const { clock, store } = this.#context;
    this.#cursor ??= await this.#begin();
    const after = this.#cursor.pending?.through ?? this.#cursor.delivered;
    let gathering = this.#gathering ?? this.#newGathering(after);
    this.#gathering = gathering;
    for (;;) {
      const limit = PAGE_ACTIVITIES;
      const page = await store.activities({ afterSequence: gathering.scanned, limit });
      for (const activity of page) {
        if (gathering.isFull) break;
        const wasEmpty = gathering.isEmpty;
        gathering.add(activity);
        if (wasEmpty && !gathering.isEmpty) this.#gatheringSinceMs = clock.steadyMs();
      }
      if (
        gathering.isEmpty &&
        this.#cursor.pending === null &&
        gathering.scanned - this.#cursor.delivered >= PASSED_OVER
      ) {
        await this.#commit({ delivered: gathering.scanned });
        gathering = this.#newGathering(gathering.scanned);
        this.#gathering = gathering;
      }
      if (page.length < limit || gathering.isFull || signal.aborted) return gathering;
      // Others have their turn.
      await clock.sleep(0, signal);
    }
  }

  #newGathering(after: number): Gathering {
    return new Gathering(this.#destination, this.#open().takes === 'all', after);
  }

  /** Where a new destination begins: after everything that was recorded before. */
  async #begin(): Promise<NotificationCursor> {
    const { store } = this.#context;
    const [newest] = await store.activities({ limit: 1 });
    const cursor: NotificationCursor = {
      name: this.#destination.name,
      delivered: newest?.sequence ?? 0,
      pending: null,
      lastDeliveredAt: null,
      failing: null,
      disabled: null,
    };
    await store.commit({ memory: null, instances: [], activities: [], notificationCursors: [cursor] });
    return cursor;
  }

  async #send(gathering: Gathering, signal: AbortSignal): Promise<void> {
    const message = await this.#begun(gathering, signal);
    if (message === null || signal.aborted) return;
    if (!this.#isDelivered) {
      const error = await this.#tried(message, signal);
      if (error !== null && !signal.aborted) await this.#hasFailed(error);
      if (error !== null) return;
    }
    this.#isDelivered = true;
    await this.#hasDelivered(message);
    this.#isDelivered = false;
  }

  /** @returns why it was not delivered; null if it was */
  async #tried(message: NotificationMessage, signal: AbortSignal): Promise<PortError | null> {
    try {
      await this.#deliver(message, signal);
      return null;
    } catch (error) {
      return asPortError(error);
    }
  }

  /** The message that was begun before, or else the next one, once it is recorded what is in it. Null where it says nothing any more. */
  async #begun(gathering: Gathering, signal: AbortSignal): Promise<NotificationMessage | null> {
    const { clock, ids, fleet } = this.#context;
    const { pending, delivered } = this.#cursor ?? { pending: null, delivered: 0 };
    if (this.#message !== null) return this.#message;
    if (pending === null) {
      const next = { id: `msg_${ids.seed()}`, through: gathering.scanned };
      const message = gathering.message(fleet(), next, clock.now());
      await this.#commit({ pending: next, disabled: null });
      this.#gathering = null;
      this.#message = message;
      return message;
    }
    const again = await this.#gatherAgain(delivered, pending.through, signal);
    if (signal.aborted) return null;
    const message = again.message(fleet(), pending, clock.now());
    if (message.count > 0 || message.lost > 0) {
      this.#message = message;
      return message;
    }
    // It was begun when the destination took more than it does now.
    await this.#commit({ delivered: pending.through, pending: null });
    return null;
  }

  /** What a message was made of that a controller before this one has begun. */
  async #gatherAgain(after: number, through: number, signal: AbortSignal): Promise<Gathering> {
    const { clock, store } = this.#context;
    const gathering = this.#newGathering(after);
    while (gathering.scanned < through && !signal.aborted) {
      const limit = Math.min(PAGE_ACTIVITIES, through - gathering.scanned);
      const page = await store.activities({ afterSequence: gathering.scanned, limit });
      const inside = page.filter(({ sequence }) => sequence <= through);
      for (const activity of inside) gathering.add(activity);
      if (inside.length < limit) break;
      await clock.sleep(0, signal);
    }
    return gathering;
  }

  async #deliver(message: NotificationMessage, signal: AbortSignal): Promise<void> {
    const { clock, onDefect } = this.#context;
    try {
      const { notifier, timeoutMs } = this.#open();
      await withDeadline(clock, timeoutMs, signal, (bounded) => notifier.deliver(message, bounded));
    } catch (error) {
      if (isDefect(error)) onDefect(`the notifications of ${this.#destination.name}`, error);
      throw asPortError(error);
    }
  }

  #open(): OpenedNotifier {
    this.#opened ??= this.#context.open(this.#destination);
    return this.#opened;
  }

  async #hasDelivered({ level }: NotificationMessage): Promise<void> {
    const { clock } = this.#context;
    const { pending, delivered, failing } = this.#cursor ?? { pending: null, delivered: 0, failing: null };
    this.#last = { atMs: clock.steadyMs(), level };
    this.#backoff.reset();
    this.#failures = 0;
    this.#retryMs = null;
    this.#error = null;
    const since = this.#failingSince;
    this.#failingSince = null;
    const text = `Notifications of ${this.#destination.name} are delivered again${since === null ? '' : `, after ${minutes(since.elapsedMs)}`}.`;
    const recovered = failing === null ? [] : [this.#activity('notificationRecovered', 'info', text)];
    await this.#commit(
      {
        delivered: pending?.through ?? delivered,
        pending: null,
        lastDeliveredAt: clock.now(),
        failing: null,
        disabled: null,
      },
      recovered,
    );
    this.#message = null;
  }

  async #hasFailed(error: PortError): Promise<void> {
    const { clock } = this.#context;
    const { name } = this.#destination;
    const why = error.message;
    this.#error = why;
    this.#failures += 1;
    this.#failingSince ??= new Stopwatch(clock);
    const asked = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    this.#retryMs = clock.steadyMs() + Math.max(this.#backoff.next(), asked);
    if (error.reaction === 'NotFound') {
      const text = `Notifications of ${name} are switched off, because its receiver is gone: ${why}. What happens is kept for it; correct its settings, or send \`drover notify test ${name}\` when it is back.`;
      const disabled = { since: clock.now(), why, settings: this.#settings };
      const failing = this.#cursor?.failing ?? { since: clock.now(), why };
      await this.#commit({ disabled, failing }, [this.#activity('notificationFailed', 'error', text)]);
      return;
    }
    if (this.#failures < REPORTED_AFTER_FAILURES || this.#cursor?.failing !== null) return;
    if (this.#reportedMs !== null && clock.steadyMs() - this.#reportedMs < REPORT_EVERY_MS) return;
    const text = `Notifications of ${name} cannot be delivered, and are tried again: ${why}.`;
    await this.#commit({ failing: { since: clock.now(), why } }, [this.#activity('notificationFailed', 'error', text)]);
    this.#reportedMs = clock.steadyMs();
  }

  #activity(reason: Activity['reason'], level: ActivityLevel, message: string): Activity {
    const explanation = { [ABOUT_DESTINATION]: this.#destination.name };
    return { ...PLAIN_ACTIVITY, at: this.#context.clock.now(), level, reason, message, explanation };
  }

  /** Whether it is the same receiver as before, in short. */
  get #settings(): string {
    return JSON.stringify({ type: this.#destination.type, ...this.#destination.settings });
  }

  async #commit(change: Partial<NotificationCursor>, activities: readonly Activity[] = []): Promise<void> {
    await this.#turn.run(async () => {
      if (this.#cursor === null) return;
      const cursor = { ...this.#cursor, ...change };
      await this.#context.store.commit({ memory: null, instances: [], activities, notificationCursors: [cursor] });
      this.#cursor = cursor;
    });
  }
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
