import type { Mutation } from './mutation.ts';

const tests = (...names: readonly string[]) => ({ tests: names.map((name) => `src/cli/${name}.test.ts`) });

/** What commands never do: overwrite, apply something else than was shown, or say that all is done while it is not. */
export const COMMANDS: readonly Mutation[] = [
  {
    name: 'commands: init overwrites a fleet file',
    file: 'src/cli/handlers/init.ts',
    find: 'if (!(await exists(fleetFile))) return;',
    replace: 'if (true) return;',
    caughtBy: tests('init'),
  },
  {
    name: 'commands: init writes an answer that the schema refuses',
    file: 'src/cli/init/questions.ts',
    find: 'if (why === null) return answer;',
    replace: 'if (why !== undefined) return answer;',
    caughtBy: tests('init'),
  },
  {
    name: 'commands: apply takes another file than the one that owns the fleet',
    file: 'src/cli/handlers/apply.ts',
    find: 'if (!(await isSameFile(path, owner.path))) {',
    replace: 'if (path === owner.path && path !== owner.path) {',
    caughtBy: tests('apply'),
  },
  {
    name: 'commands: apply applies what was changed after it was shown',
    file: 'src/cli/handlers/apply.ts',
    find: 'if (isDeepStrictEqual(shown, now)) return;',
    replace: 'if (shown !== now) return;',
    caughtBy: tests('versions'),
  },
  {
    name: 'commands: a plan is applied',
    file: 'src/cli/handlers/apply.ts',
    find: 'return plan === true || dryRun === true;',
    replace: 'return plan === true;',
    caughtBy: tests('apply'),
  },
  {
    name: 'commands: waiting ends while something is left to do',
    file: 'src/cli/wait.ts',
    find: 'if (inService === desired && pending === 0 && terminating === 0 && !isBusy) return [];',
    replace: 'if (pending >= 0) return [];',
    caughtBy: tests('apply'),
  },
  {
    name: 'commands: the exit code of several ids is that of the best',
    file: 'src/cli/exit-codes.ts',
    find: 'RANKS.indexOf(other) > RANKS.indexOf(one) ? other : one',
    replace: 'RANKS.indexOf(other) < RANKS.indexOf(one) ? other : one',
    caughtBy: tests('apply'),
  },
];
