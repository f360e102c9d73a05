import type { Traffic } from '../model/observation.ts';
import { clockSetBetween, type Moment } from '../ports/clock.ts';

/** Rates are over this time: long enough to be steady, short enough to see a spike soon. Longer where observations are further apart. */
const WINDOW_MS = 10_000;
/** Over less time than this a rate is chance. */
const MIN_SPAN_MS = 1_000;
/** As far back as this requests that are still open are searched for: those that have been for longer are none that come and go. */
const MAX_REACH_MS = 5 * 60_000;
/** There was no observation for so long that what happened meanwhile says nothing about now. */
const MAX_GAP_MS = 10 * 60_000;

/** What was counted, over a time. */
export interface Counted {
  readonly spanMs: number;
  /** Requests that have begun. */
  readonly requests: number;
  /** Requests that have ended. */
  readonly responses: number;
  readonly errors5xx: number;
}

/** Counters since the first observation, as if they had never fallen. */
interface Sums extends Moment, Omit<Counted, 'spanMs'> {}

/** Turns counters that begin again at 0 with every restart of their load balancer into what was counted lately. */
export class TrafficWindow {
  #newest: Traffic | null = null;
  /** Oldest first: what is needed to reach back. */
  #observations: readonly Sums[] = [];

  add({ at, steadyMs }: Moment, traffic: Traffic): void {
    const last = this.#observations.at(-1);
    const before = this.#newest;
    if (last === undefined || before === null || isCutOff(last, { at, steadyMs })) {
      this.#observations = [{ at, steadyMs, requests: 0, responses: 0, errors5xx: 0 }];
    } else if (steadyMs > last.steadyMs) {
      const requests = last.requests + increase(before.requestsTotal, traffic.requestsTotal);
      const responses = last.responses + increase(before.responsesTotal, traffic.responsesTotal);
      const errors5xx = last.errors5xx + increase(before.errors5xxTotal, traffic.errors5xxTotal);
      const observations = [...this.#observations, { at, steadyMs, requests, responses, errors5xx }];
      this.#observations = observations.slice(beginOf(observations, steadyMs - MAX_REACH_MS));
    } else {
      return;
    }
    this.#newest = traffic;
  }

  /** It could not be seen: what was counted meanwhile says nothing about now. */
  forget(): void {
    this.#newest = null;
    this.#observations = [];
  }

  /** What was counted within the window. Null while there are too few observations to say. */
  lately(): Counted | null {
    const last = this.#observations.at(-1);
    return last === undefined ? null : this.#since(beginOf(this.#observations, last.steadyMs - WINDOW_MS));
  }

  /**
   * The same, or what was counted since all that is open now had begun, if that came at the higher rate. Requests that take longer than the
   * window come in waves: in between none begins, and still they are all there.
   */
  load(open: number): Counted | null {
    const last = this.#observations.at(-1);
    const lately = this.lately();
    if (last === undefined || lately === null || lately.requests >= open) return lately;
    const begun = this.#observations.findLastIndex(({ requests }) => last.requests - requests >= open);
    const longer = this.#since(Math.max(0, begun)) ?? lately;
    return longer.requests * lately.spanMs > lately.requests * longer.spanMs ? longer : lately;
  }

  #since(index: number): Counted | null {
    const first = this.#observations[index];
    const last = this.#observations.at(-1);
    if (first === undefined || last === undefined || last.steadyMs - first.steadyMs < MIN_SPAN_MS) return null;
    return {
      spanMs: last.steadyMs - first.steadyMs,
      requests: last.requests - first.requests,
      responses: last.responses - first.responses,
      errors5xx: last.errors5xx - first.errors5xx,
    };
  }
}

/** The newest observation that was not after a time; the oldest where there is none. */
function beginOf(observations: readonly Sums[], steadyMs: number): number {
  return Math.max(
    0,
    observations.findLastIndex((one) => one.steadyMs <= steadyMs),
  );
}

/** When the clock was set in between, or the host has slept, nobody knows how long the time between the observations was. */
function isCutOff(before: Moment, after: Moment): boolean {
  return after.steadyMs - before.steadyMs > MAX_GAP_MS || clockSetBetween(before, after) !== 0;
}

/** A counter that has fallen has begun anew at 0. */
function increase(before: number, now: number): number {
  return now < before ? now : now - before;
}
