import { formatByteSize } from '../base/byte-size.ts';
import { formatDuration } from '../base/duration.ts';
import { count } from '../base/plural.ts';
import type { ActivityLevel, ActivityReason } from '../model/activity.ts';
import type { LoadBalancer } from '../model/fleet.ts';
import { CUT_BY, type CutBy, type LimitsObservation } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { Stopwatch } from './stopwatch.ts';

/** What seldom comes alone is counted for so long before it is reported. */
const GATHER_MS = 5_000;
/** A limit that goes on being reached is reported again after so long. */
const AGAIN_MS = 10 * 60_000;

export interface LimitNews {
  readonly level: ActivityLevel;
  readonly reason: ActivityReason;
  readonly message: string;
}

interface Count {
  /** The total when it was reported last. */
  readonly reported: number;
  readonly lastReported: Stopwatch | null;
  /** Since the first one that has not been reported. */
  readonly gathering: Stopwatch | null;
}

const NOTHING_YET: Count = { reported: 0, lastReported: null, gathering: null };

/** Reports what the limits of a load balancer cost: with counts, and never once for each request. */
export class LimitWatch {
  readonly #clock: Clock;
  readonly #counts = new Map<CutBy, Count>();
  #fullTold: Stopwatch | null = null;
  #lowTold = '';
  #state = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What holds now, for the status; empty when nothing does. */
  get state(): string {
    return this.#state;
  }

  seen(limits: LimitsObservation, loadBalancer: LoadBalancer): readonly LimitNews[] {
    const { connections, maxConnections } = limits;
    const isFull = connections >= maxConnections;
    const low = maxConnections < loadBalancer.maxConnections ? lowInWords(maxConnections, loadBalancer) : '';
    const full = isFull ? fullInWords(maxConnections, loadBalancer) : '';
    this.#state = [full, low].filter((text) => text !== '').join(' ');
    return [
      ...CUT_BY.flatMap((cause) => this.#cut(cause, limits.cutTotal[cause], loadBalancer)),
      ...(isFull ? this.#full(full) : []),
      ...this.#low(low),
    ];
  }

  #cut(cause: CutBy, total: number, loadBalancer: LoadBalancer): readonly LimitNews[] {
    const { reported, lastReported, gathering } = this.#counts.get(cause) ?? NOTHING_YET;
    if (total <= reported) return [];
    const since = gathering ?? new Stopwatch(this.#clock);
    const isTime = since.elapsedMs >= GATHER_MS && (lastReported === null || lastReported.elapsedMs >= AGAIN_MS);
    if (!isTime) {
      this.#counts.set(cause, { reported, lastReported, gathering: since });
      return [];
    }
    this.#counts.set(cause, { reported: total, lastReported: new Stopwatch(this.#clock), gathering: null });
    // Anybody can send what is no HTTP.
    const level = cause === 'requestHead' ? 'info' : 'warning';
    return [{ level, reason: 'limitReached', message: cutInWords(cause, total - reported, loadBalancer) }];
  }

  #full(message: string): readonly LimitNews[] {
    if (this.#fullTold !== null && this.#fullTold.elapsedMs < AGAIN_MS) return [];
    this.#fullTold = new Stopwatch(this.#clock);
    return [{ level: 'warning', reason: 'limitReached', message }];
  }

  #low(message: string): readonly LimitNews[] {
    if (message === this.#lowTold) return [];
    this.#lowTold = message;
    return message === '' ? [] : [{ level: 'warning', reason: 'connectionLimitLow', message }];
  }
}

function fullInWords(most: number, { name }: LoadBalancer): string {
  return `Load balancer ${name} has ${most} client connections, the most that a listener takes: further ones wait.`;
}

function lowInWords(most: number, { name, maxConnections }: LoadBalancer): string {
  return `Load balancer ${name} takes ${most} client connections, not ${maxConnections} (maxConnections): its HAProxy may not open more files. Raise the hard limit (ulimit -Hn, LimitNOFILE=) and start HAProxy anew, or lower maxConnections.`;
}

function cutInWords(cause: CutBy, many: number, { name, idleTimeoutMs, maxHeaderBytes }: LoadBalancer): string {
  const [requests, answers] = [count(many, 'request'), count(many, 'answer')];
  const head = `not HTTP, or with a head of more than ${formatByteSize(maxHeaderBytes)} (maxHeaderSize)`;
  switch (cause) {
    case 'idleTimeout':
      return `Load balancer ${name} cut ${requests} after ${formatDuration(idleTimeoutMs)} without a byte (idleTimeout).`;
    case 'queueTimeout':
      return `Load balancer ${name} answered 503 to ${requests} that waited in a queue for too long (queueTimeout of the target group).`;
    case 'requestHead':
      return `Load balancer ${name} refused ${requests}: ${head}.`;
    case 'answerHead':
      return `Load balancer ${name} answered 502 instead of ${answers} of servers: ${head}.`;
  }
}
