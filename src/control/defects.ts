import { Backoff, type BackoffLimits } from '../base/backoff.ts';
import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { Hold } from '../model/hold.ts';
import type { Clock } from '../ports/clock.ts';
import { asPortError, describeDefect, isDefect } from '../ports/errors.ts';
import type { Ids } from '../ports/ids.ts';

/** Of different ones; further ones are only logged. */
const MAX_KEPT = 20;
/** Before something that an error has ended begins anew. */
const RESTART: BackoffLimits = { minMs: 1_000, maxMs: 60_000 };

/** A programming error in Drover itself, and what it hit. */
export interface Defect {
  readonly where: string;
  readonly message: string;
  readonly count: number;
}

/** Called with a programming error: what it hit, and the error. */
export type OnDefect = (where: string, error: unknown) => void;

export interface DefectsOptions {
  readonly clock: Clock;
  /** For the log, with the stack. */
  readonly log: OnDefect;
  readonly report: (activity: Activity) => Promise<void>;
}

/**
 * Counts the programming errors that were met. Each is logged with its stack, and reported as an activity the first time; what comes again and
 * again is logged the 10th time, the 100th and so on. What it hit stands still and is tried again; the rest goes on.
 */
export class Defects {
  readonly #options: DefectsOptions;
  readonly #met = new Map<string, Defect>();
  #count = 0;

  constructor(options: DefectsOptions) {
    this.#options = options;
  }

  /** How often one was met, with those that are only logged. */
  get count(): number {
    return this.#count;
  }

  get met(): readonly Defect[] {
    return [...this.#met.values()];
  }

  readonly report: OnDefect = (where, error) => {
    const { clock, log, report } = this.#options;
    const at = clock.now();
    this.#count += 1;
    const message = describeDefect(error);
    const key = `${where} ${message}`;
    const before = this.#met.get(key);
    const count = (before?.count ?? 0) + 1;
    if (Number.isInteger(Math.log10(count))) log(`${where} (${count})`, error);
    if (before === undefined && this.#met.size >= MAX_KEPT) return;
    this.#met.set(key, { where, message, count });
    if (before !== undefined) return;
    const text = `An error in Drover itself has hit ${where}, which stands still and is tried again: ${message}. Please report it, with its stack from drover.log.`;
    void report({ ...PLAIN_ACTIVITY, at, level: 'error', reason: 'defect', message: text });
  };
}

/** Why a group does nothing whose decision has met a programming error. */
export function defectHold(error: unknown): Hold {
  return {
    code: 'defect',
    message: `Nothing is done because of ${asPortError(error).message}. It is tried again.`,
    until: null,
  };
}

/** Reports a programming error of one piece of work, which reaches its caller like any other error. */
export async function reportingDefects<T>(where: string, onDefect: OnDefect, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDefect(error)) onDefect(where, error);
    throw error;
  }
}

/** Runs a loop that handles what it expects: whatever else ends it is reported, and it begins anew after a while. */
export async function keepRunning(
  where: string,
  { clock, ids, onDefect }: { readonly clock: Clock; readonly ids: Ids; readonly onDefect: OnDefect },
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const backoff = new Backoff(RESTART, () => ids.seed());
  while (!signal.aborted) {
    try {
      return await run(signal);
    } catch (error) {
      onDefect(where, error);
      await clock.sleep(backoff.next(), signal);
    }
  }
}
