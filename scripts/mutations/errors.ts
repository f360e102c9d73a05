import type { Mutation, Tests } from './mutation.ts';

const REACTIONS: Tests = { tests: ['test/field/faults/launch-errors.test.ts'] };
const DEFECTS: Tests = { tests: ['test/field/faults/defects.test.ts'] };

/** For what follows from errors, as docs/decisions/0011-errors-and-reactions.md has it. */
export const ERRORS: readonly Mutation[] = [
  {
    name: 'errors: no room is tried again at once',
    file: 'src/decide/launch-hold.ts',
    find: 'return until === null || now < until;',
    replace: 'return until === null;',
    caughtBy: REACTIONS,
  },
  {
    name: 'errors: what no repetition changes is repeated',
    file: 'src/decide/launch-hold.ts',
    find: "return reaction === 'NoCapacity' || reaction === 'Defect';",
    replace: 'return true;',
    caughtBy: REACTIONS,
  },
  {
    name: 'errors: a provider that is asked too often is asked all the same',
    file: 'src/decide/throttled.ts',
    find: 'throttle === undefined || throttle.until <= now',
    replace: 'throttle === undefined || throttle.until > 0',
    caughtBy: REACTIONS,
  },
  {
    name: 'errors: one in Drover itself passes for trouble outside',
    file: 'src/ports/errors.ts',
    find: "reaction: isDefect(error) ? 'Defect' : reaction,",
    replace: 'reaction,',
    caughtBy: DEFECTS,
  },
  {
    name: 'errors: what nobody has mapped passes for trouble outside',
    file: 'src/ports/errors.ts',
    find: 'return !(error instanceof ExpectedError || isSystemError(error) || isAbort(error));',
    replace: 'return error instanceof TypeError;',
    caughtBy: DEFECTS,
  },
  {
    name: 'errors: a wrong call of a library makes a server unhealthy',
    file: 'src/base/system-error.ts',
    find: '!WRONG_CALLS.includes(code)',
    replace: 'true',
    caughtBy: DEFECTS,
  },
  {
    name: 'errors: one in Drover itself has HAProxy killed as hung',
    file: 'src/haproxy/hang.ts',
    find: 'if (isDefect(error)) throw error;',
    replace: '',
    caughtBy: { tests: ['src/haproxy/hang.test.ts'] },
  },
  {
    name: 'errors: one in Drover itself ends departures without a word',
    file: 'src/haproxy/departures.ts',
    find: 'if (defect !== null) throw defect.error;',
    replace: '',
    caughtBy: { tests: ['src/haproxy/departures.test.ts'] },
  },
  {
    name: 'errors: one in Drover itself makes a server unhealthy',
    file: 'src/control/probes.ts',
    find: 'if (isDefect(error)) throw error;',
    replace: '',
    caughtBy: DEFECTS,
  },
  {
    name: 'errors: a rate limit slows only the call that met it down',
    file: 'src/control/throttle.ts',
    find: 'while (this.leftMs > 0) {',
    replace: 'while (false) {',
    caughtBy: { invariant: 'rateLimitsHeeded', seeds: 200 },
  },
];
