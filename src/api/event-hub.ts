import type { FleetFeed, FleetNews, FleetService } from '../control/service.ts';
import type { Clock } from '../ports/clock.ts';
import { type Caller, maySee } from './caller.ts';
import { Refusal } from './errors.ts';
import { seenNews } from './seen.ts';

/** From one bundle of events to the next at least; where gathering one takes long, so many times as long. */
const GATHER_MS = 200;
const GATHER_FACTOR = 10;
/** A line that says nothing, so that who listens and what is in between know that the stream goes on. */
const HEARTBEAT_MS = 10_000;
const MAX_SUBSCRIBERS = 1_000;
const CATCH_UP_ACTIVITIES = 500;

export interface Subscriber {
  readonly caller: Caller;
  /** Whether he may still listen. */
  readonly isAllowed: () => Promise<boolean>;
  /** @returns false where he does not read, or has gone */
  readonly send: (text: string) => boolean;
  readonly end: () => void;
}

interface Subscription extends Subscriber {
  /** The newest activity that was sent, or was there before. */
  sequence: number;
  /** He has all activities that the others have. */
  isLive: boolean;
}

/**
 * Tells everybody who listens what changes. What is the same for all is made once, however many they are; while nobody listens it costs
 * nothing.
 */
export class EventHub {
  readonly #service: FleetService;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #subscriptions = new Set<Subscription>();
  #feed: FleetFeed | null = null;
  #sequence = 0;
  /** Opens the feed, for all who come meanwhile. */
  #opening: Promise<void> | null = null;
  #gathering = false;
  #isDue = false;
  #stop = new AbortController();

  constructor(service: FleetService, clock: Clock, onError: (error: unknown) => void) {
    this.#service = service;
    this.#clock = clock;
    this.#onError = onError;
  }

  /**
   * @param after the newest activity that he has; null to begin with what comes
   * @returns ends it
   * @throws Refusal `busy` when there are too many
   */
  async subscribe(subscriber: Subscriber, after: number | null): Promise<() => void> {
    if (this.#subscriptions.size >= MAX_SUBSCRIBERS) {
      throw new Refusal('busy', `${MAX_SUBSCRIBERS} follow the events already; ask again later.`);
    }
    const subscription: Subscription = { ...subscriber, sequence: 0, isLive: false };
    this.#subscriptions.add(subscription);
    try {
      this.#opening ??= this.#open();
      await this.#opening;
    } catch (error) {
      this.#drop(subscription);
      throw error;
    }
    // A number that was never given: the activities are others, and so may be everything else.
    const isOther = after !== null && after > this.#sequence;
    subscription.sequence = after === null || isOther ? this.#sequence : after;
    const hello = JSON.stringify({ fleet: this.#service.fleet().fleet, sequence: this.#sequence });
    subscription.send(frame(isOther ? 'reset' : 'hello', hello, subscription.sequence));
    void this.#catchUp(subscription);
    return () => this.#drop(subscription);
  }

  /** Ends all. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) {
      subscription.end();
      this.#drop(subscription);
    }
  }

  async #open(): Promise<void> {
    this.#stop = new AbortController();
    const newest = await this.#service.activities({ limit: 1 });
    this.#sequence = newest.at(-1)?.sequence ?? 0;
    this.#feed = this.#service.feed(() => this.#wake());
    // What was recorded between the two.
    this.#wake();
    void this.#beat(this.#stop.signal);
  }

  #drop(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription) || this.#subscriptions.size > 0) return;
    this.#stop.abort();
    this.#feed?.close();
    this.#feed = null;
    this.#opening = null;
  }

  #wake(): void {
    this.#isDue = true;
    if (!this.#gathering) void this.#gather(this.#stop.signal);
  }

  async #gather(signal: AbortSignal): Promise<void> {
    this.#gathering = true;
    try {
      while (this.#isDue && !signal.aborted) {
        this.#isDue = false;
        const began = this.#clock.steadyMs();
        await this.#tell();
        const tookMs = this.#clock.steadyMs() - began;
        await this.#clock.sleep(Math.max(GATHER_MS, GATHER_FACTOR * tookMs), signal);
      }
    } finally {
      this.#gathering = false;
      if (this.#isDue && this.#feed !== null) this.#wake();
    }
  }

  async #tell(): Promise<void> {
    if (this.#feed === null) return;
    try {
      const news = this.#feed.take();
      await this.#tellActivities();
      this.#tellRows(news);
    } catch (error) {
      this.#onError(error);
    }
  }

  async #tellActivities(): Promise<void> {
    const activities = await this.#service.activities({ afterSequence: this.#sequence, limit: CATCH_UP_ACTIVITIES });
    if (activities.length === CATCH_UP_ACTIVITIES) this.#isDue = true;
    for (const activity of activities) {
      const text = frame('activity', JSON.stringify(activity), activity.sequence);
      this.#sequence = activity.sequence;
      for (const subscription of this.#subscriptions) {
        if (!subscription.isLive) continue;
        subscription.sequence = activity.sequence;
        if (maySee(subscription.caller, activity.group)) this.#send(subscription, text);
      }
    }
  }

  #tellRows(news: FleetNews): void {
    const forAll = framesOf(news);
    for (const subscription of this.#subscriptions) {
      const { caller } = subscription;
      const frames = caller.groups === null ? forAll : framesOf(seenNews(news, caller, this.#service));
      if (frames !== '') this.#send(subscription, frames);
    }
  }

  async #catchUp(subscription: Subscription): Promise<void> {
    try {
      while (this.#subscriptions.has(subscription) && !subscription.isLive) {
        if (subscription.sequence >= this.#sequence) {
          subscription.isLive = true;
          return;
        }
        const query = { afterSequence: subscription.sequence, limit: CATCH_UP_ACTIVITIES };
        const activities = await this.#service.activities(query);
        for (const activity of activities) {
          if (maySee(subscription.caller, activity.group))
            this.#send(subscription, frame('activity', JSON.stringify(activity), activity.sequence));
          subscription.sequence = activity.sequence;
        }
        if (activities.length === 0) subscription.sequence = this.#sequence;
      }
    } catch (error) {
      // He comes again, and asks for what he lacks.
      subscription.end();
      this.#drop(subscription);
      this.#onError(error);
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(HEARTBEAT_MS, signal);
      if (signal.aborted) return;
      for (const subscription of [...this.#subscriptions]) {
        const isAllowed = await subscription.isAllowed();
        if (isAllowed) this.#send(subscription, ':\n\n');
        else {
          subscription.end();
          this.#drop(subscription);
        }
      }
    }
  }

  #send(subscription: Subscription, text: string): void {
    if (subscription.send(text)) return;
    subscription.end();
    this.#drop(subscription);
  }
}

function framesOf({
  fleet,
  groups,
  goneGroups,
  instances,
  goneInstances,
  loadBalancers,
  goneLoadBalancers,
}: FleetNews) {
  const rows = (event: string, changed: readonly unknown[], gone: readonly string[]) =>
    changed.length + gone.length === 0 ? '' : frame(event, JSON.stringify({ changed, gone }));
  return [
    fleet === null ? '' : frame('fleet', JSON.stringify(fleet)),
    rows('groups', groups, goneGroups),
    rows('instances', instances, goneInstances),
    rows('loadBalancers', loadBalancers, goneLoadBalancers),
  ].join('');
}

/** One event of a stream; an id is what `Last-Event-ID` says when the connection is made again. */
function frame(event: string, data: string, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}
