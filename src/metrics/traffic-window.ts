import type { Traffic } from '../model/observation.ts';
import { clockSetBetween, type Moment } from '../ports/clock.ts';

/** Rates are over this time: long enough to be steady, short enough to see a spike soon. Longer where looks are further apart. */
const WINDOW_MS = 10_000;
/** Over less time than this a rate is chance. */
const MIN_SPAN_MS = 1_000;
/** Nobody looked for so long that what happened meanwhile says nothing about now. */
const MAX_GAP_MS = 10 * 60_000;

/** What was counted, over a time. */
export interface Counted {
  readonly spanMs: number;
  readonly requests: number;
  readonly errors5xx: number;
}

/** Counters since the first look, as if they had never fallen. */
interface Sums extends Moment {
  readonly requests: number;
  readonly errors5xx: number;
}

/** Turns counters that begin again at 0 with every restart and reload of their load balancer into what was counted lately. */
export class TrafficWindow {
  #newest: Traffic | null = null;
  /** Oldest first: what is needed to reach back over the window. */
  #looks: readonly Sums[] = [];

  add({ at, steadyMs }: Moment, traffic: Traffic): void {
    const last = this.#looks.at(-1);
    if (last === undefined || this.#newest === null || isCutOff(last, { at, steadyMs })) {
      this.#looks = [{ at, steadyMs, requests: 0, errors5xx: 0 }];
    } else if (steadyMs > last.steadyMs) {
      const requests = last.requests + increase(this.#newest.requestsTotal, traffic.requestsTotal);
      const errors5xx = last.errors5xx + increase(this.#newest.errors5xxTotal, traffic.errors5xxTotal);
      const looks = [...this.#looks, { at, steadyMs, requests, errors5xx }];
      this.#looks = looks.slice(
        Math.max(
          0,
          looks.findLastIndex((look) => look.steadyMs <= steadyMs - WINDOW_MS),
        ),
      );
    } else {
      return;
    }
    this.#newest = traffic;
  }

  /** Null while there are too few looks to tell. */
  counted(): Counted | null {
    const first = this.#looks[0];
    const last = this.#looks.at(-1);
    if (first === undefined || last === undefined || last.steadyMs - first.steadyMs < MIN_SPAN_MS) return null;
    return {
      spanMs: last.steadyMs - first.steadyMs,
      requests: last.requests - first.requests,
      errors5xx: last.errors5xx - first.errors5xx,
    };
  }
}

/** When the clock was set in between, or the host has slept, nobody knows how long the time between the looks was. */
function isCutOff(before: Moment, after: Moment): boolean {
  return after.steadyMs - before.steadyMs > MAX_GAP_MS || clockSetBetween(before, after) !== 0;
}

/** A counter that has fallen has begun anew at 0. */
function increase(before: number, now: number): number {
  return now < before ? now : now - before;
}
