import fc from 'fast-check';
import { effort } from '../support/effort.ts';

/** `DROVER_FUZZ_SECONDS=60 npx vitest run test/fuzz` looks longer. */
const TIME_LIMIT_MS = Number(process.env.DROVER_FUZZ_SECONDS ?? effort('fuzzSeconds')) * 1_000;

/** For vitest, which is to give up later than the search itself. */
export const FUZZ_TIMEOUT_MS = TIME_LIMIT_MS + 20_000;

/** How one search goes: until its runs or its time are used up. A failure prints the seed; `DROVER_FUZZ_SEED` repeats it. */
export function bounded(numRuns: number): fc.Parameters<unknown> {
  const longer = TIME_LIMIT_MS / 3_000;
  return {
    numRuns: Math.ceil(numRuns * Math.max(1, longer)),
    interruptAfterTimeLimit: TIME_LIMIT_MS,
    ...(process.env.DROVER_FUZZ_SEED !== undefined && { seed: Number(process.env.DROVER_FUZZ_SEED) }),
  };
}

/**
 * The processor time in milliseconds that this thread has used. What it costs to read something is a matter of that, and not of what else
 * the machine does.
 */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Anything that a text can hold: ordinary, Unicode beyond the basic plane, half characters, controls, words that mean something. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    ...['', ' ', '\0', '\ufeff', '\u202e', '\u2028', '\ud800', 'e\u0301', '𝟛', '１', '٣', '\u001b[2J', 'ſ', 'İ'],
    ...['null', '~', 'yes', 'NaN', '-0', '1e999', '0x10', '9007199254740993', '30', '30s', '-1s', '1h1h', '24d'],
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '../..', '/', '%00', '*', '&a', '!!js/function x'],
  ),
);
