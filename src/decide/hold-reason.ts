import type { EpochMs } from '../model/time.ts';

/** Why something is not done now, as a value: a question answers with it, and the step that asked notes it in the draft. */
export interface HoldReason {
  readonly code: string;
  /** One sentence with the numbers in it. */
  readonly message: string;
  /** When it ends by itself; null when that depends on something else. */
  readonly until: EpochMs | null;
  /** Of what is true of single servers: which one it is, and the sentence for several of them, after their number. */
  readonly each: { readonly id: string; readonly together: string } | null;
}

/** What is true of a server, and of several of them: `i-1 waits.`, `3 servers wait.` */
export interface SaidOfEach {
  readonly id: string;
  readonly is: string;
  readonly are: string;
}

export function groupHold(code: string, message: string, until: EpochMs | null = null): HoldReason {
  return { code, message, until, each: null };
}

/** Said once for all servers of which the same is true, with the earliest time of them. */
export function serverHold(code: string, { id, is, are }: SaidOfEach, until: EpochMs | null = null): HoldReason {
  return { code, message: `${id} ${is}`, until, each: { id, together: `servers ${are}` } };
}

/** A server that works is drained when its replacement serves. */
export function replacementFirst({ id }: { readonly id: string }): HoldReason {
  const is = 'is drained as soon as its replacement is in service.';
  const are = 'are drained, one after the other, as soon as their replacements are in service.';
  return serverHold('replacementFirst', { id, is, are });
}
