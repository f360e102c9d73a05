import { PortError } from '../../../src/ports/errors.ts';
import type { Random } from './random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What may go wrong with one call to the outside. */
export const CALL_FAULTS = [
  /** Refused; nothing has changed. */
  'failsBefore',
  /** It has taken effect, but the answer is lost. */
  'failsAfter',
  /** Never answers; takes effect all the same, perhaps after the caller has given up. */
  'hangs',
  /** Answers, but much later than usual. */
  'slow',
  /** It is delivered a second time, later; the caller hears of the first only. */
  'twice',
  'rateLimited',
  'noCapacity',
  'unauthorized',
  'invalid',
  'unsupported',
  /** A programming error in whoever carries the call out; nothing has changed. */
  'defect',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** How often each fault happens: probabilities that add up to less than 1. */
export type FaultRates = { readonly [fault in CallFault]?: number };

export interface LatencyRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/** How a kind of call behaves just now; scenarios change it as they go on. */
export interface CallConditions {
  faults: FaultRates;
  latency: LatencyRange;
}

interface CallOptions<T> {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly conditions: CallConditions;
  readonly signal: AbortSignal;
  /** What the call does to the world, and its answer. `late`: the caller has given up meanwhile. */
  readonly effect: (late: boolean) => T;
  /** Whether what was begun may take effect after the caller gave up. */
  readonly outlivesCaller: boolean;
  /** Told what is about to go wrong. */
  readonly onFault: (fault: CallFault) => void;
}

const SLOWNESS = 40;
/** How long after its caller has given up a call may still take effect. */
const LATEST_EFFECT_MS = 90_000;
const LONGEST_RETRY_AFTER_MS = 20_000;

/** One call to the outside: takes its time, meets its faults, and never outlives its signal. */
export function simulateCall<T>(options: CallOptions<T>): Promise<T> {
  const { clock, random, conditions, signal, effect, outlivesCaller } = options;
  const fault = drawFault(random, conditions.faults);
  if (fault !== null) options.onFault(fault);
  const usualMs = random.int(conditions.latency.minMs, conditions.latency.maxMs);
  const latencyMs = latencyOf(fault, usualMs, outlivesCaller, random);
  const stays = fault === 'hangs' || (outlivesCaller && random.chance(0.5));
  const refusal = fault === null ? null : refusalOf(fault, random);

  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(aborted());
      return;
    }
    let givenUp = false;
    const act = (): void => {
      if (givenUp && !(stays && outlivesCaller)) return;
      const answer = refusal === null ? attempt(effect, givenUp) : { error: refusal };
      if (fault === 'hangs') return;
      signal.removeEventListener('abort', giveUp);
      if ('error' in answer) reject(answer.error);
      else if (fault === 'failsAfter') reject(new PortError('Transient', 'connectionLost', 'the connection was lost'));
      else resolve(answer.value);
      if (fault === 'twice') clock.plan(random.int(1, SLOWNESS * usualMs), () => attempt(effect, true));
    };
    const giveUp = (): void => {
      givenUp = true;
      reject(aborted());
    };
    signal.addEventListener('abort', giveUp, { once: true });
    clock.plan(latencyMs, act);
  });
}

function latencyOf(fault: CallFault | null, usualMs: number, outlivesCaller: boolean, random: Random): number {
  if (fault === 'hangs' && outlivesCaller && random.chance(0.3)) return random.int(1, LATEST_EFFECT_MS);
  return fault === 'slow' || fault === 'hangs' ? usualMs * random.int(2, SLOWNESS) : usualMs;
}

function attempt<T>(effect: (late: boolean) => T, late: boolean): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: effect(late) };
  } catch (error) {
    return { error };
  }
}

function drawFault(random: Random, rates: FaultRates): CallFault | null {
  let rest = random.next();
  for (const fault of CALL_FAULTS) {
    rest -= rates[fault] ?? 0;
    if (rest < 0) return fault;
  }
  return null;
}

/** A programming error that the simulation has drawn, of the kind that is easily taken for trouble outside. */
export class DrawnDefect extends Error {
  constructor() {
    super('undefined is not a function');
  }
}

function refusalOf(fault: CallFault, random: Random): Error | null {
  switch (fault) {
    case 'failsBefore':
      return new PortError('Transient', 'connectionRefused', 'the connection was refused');
    case 'rateLimited': {
      const retryAfterMs = random.int(1, LONGEST_RETRY_AFTER_MS);
      return new PortError('RateLimited', 'rateLimited', 'too many requests', { retryAfterMs });
    }
    case 'noCapacity':
      return new PortError('NoCapacity', 'noCapacity', 'no machine is free');
    case 'unauthorized':
      return new PortError('Unauthorized', 'unauthorized', 'the token is not known');
    case 'invalid':
      return new PortError('Invalid', 'invalid', 'there is no such image');
    case 'unsupported':
      return new PortError('Unsupported', 'unsupported', 'machines of that kind are not made here');
    case 'defect':
      return new DrawnDefect();
    case 'failsAfter':
    case 'hangs':
    case 'slow':
    case 'twice':
      return null;
  }
}

function aborted(): PortError {
  return new PortError('Transient', 'aborted', 'the call was given up');
}
