import type { Mutation, Tests } from './mutation.ts';

const HEALTH: Tests = { tests: ['src/decide/decide-health.test.ts', 'test/regressions/health.test.ts'] };
const CORE: Tests = { tests: ['src/decide/decide.test.ts', 'src/decide/decide-wishes.test.ts'] };

/** For each level of the health brake, and for each rule of docs/architecture.md, "What keeps it safe". */
export const RULES: readonly Mutation[] = [
  {
    name: 'health brake, level 1: no server counts as missing',
    file: 'src/decide/replacement.ts',
    find: 'const allowed = Math.max(0, budget - missing);',
    replace: 'const allowed = budget;',
    caughtBy: HEALTH,
  },
  {
    name: 'health brake, level 1: the budget has no floor',
    file: 'src/decide/replacement.ts',
    find: 'const budget = Math.max(1, Math.floor(desired * REPLACEMENT_SHARE));',
    replace: 'const budget = Math.floor(desired * REPLACEMENT_SHARE);',
    caughtBy: HEALTH,
  },
  {
    name: 'health brake, level 2: many within a minute do not hold it',
    file: 'src/decide/brake.ts',
    find: 'const many = recent.length > allowed && unhealthy.length > 0;',
    replace: 'const many = false;',
    caughtBy: HEALTH,
  },
  {
    name: 'health brake, level 2: it never lets go',
    file: 'src/decide/brake.ts',
    find: 'filter((at) => at > draft.now - UNHEALTHY_WINDOW_MS && at <= draft.now)',
    replace: 'filter((at) => at <= draft.now)',
    caughtBy: HEALTH,
  },
  {
    name: 'health brake, level 3: all of them do not hold it',
    file: 'src/decide/brake.ts',
    find: 'const all = unhealthy.length === inService && inService > allowed;',
    replace: 'const all = false;',
    caughtBy: HEALTH,
  },
  {
    name: 'health brake, level 3: timers go on as if nothing had been',
    file: 'src/decide/brake.ts',
    find: 'draft.memory = { ...draft.memory, sightedAt: draft.now };\n  });',
    replace: '\n  });',
    caughtBy: HEALTH,
  },
  {
    name: 'health brake: machines that have stopped hold it',
    file: 'src/decide/health.ts',
    find: 'if (index >= 0) draft.memory = { ...draft.memory, unhealthyAt: draft.memory.unhealthyAt.toSpliced(index, 1) };',
    replace: '',
    caughtBy: HEALTH,
  },
  {
    name: 'health brake: a second vantage is not asked',
    file: 'src/decide/second-vantage.ts',
    find: 'if (!probe.healthy) return true;',
    replace: 'if (probe.healthy || !probe.healthy) return true;',
    caughtBy: HEALTH,
  },
  {
    name: 'blind: what cannot be seen is acted upon',
    file: 'src/decide/decide.ts',
    find: "const sighted = blindness(draft) === 'sighted';",
    replace: "const sighted = blindness(draft) !== 'unknown';",
    caughtBy: HEALTH,
  },
  {
    name: 'grace period: there is none',
    file: 'src/decide/replacement.ts',
    find: 'const ripe = unhealthy.filter((instance) => pastGrace(draft, instance));',
    replace: 'const ripe = unhealthy;',
    caughtBy: HEALTH,
  },
  {
    name: 'launch backoff: after a failure all are tried at once',
    file: 'src/decide/launch-backoff.ts',
    find: 'return failures > 0 ? 1 : Number.POSITIVE_INFINITY;',
    replace: 'return Number.POSITIVE_INFINITY;',
    caughtBy: CORE,
  },
  {
    name: 'launch backoff: the wait does not double',
    file: 'src/decide/launch-backoff.ts',
    find: 'initialBackoffMs * 2 ** Math.min(count - 1, 30)',
    replace: 'initialBackoffMs',
    caughtBy: CORE,
  },
  {
    name: 'launch backoff: it is never suspended',
    file: 'src/decide/launch-backoff.ts',
    find: 'const giveUp = count >= suspendAfter;',
    replace: 'const giveUp = false;',
    caughtBy: { tests: ['test/regressions/counting.test.ts'] },
  },
  {
    name: 'replacement: while launching does not work, servers are ended all the same',
    file: 'src/decide/replacement.ts',
    find: 'if (launchesAllowed(draft) === 0) return;',
    replace: '',
    caughtBy: HEALTH,
  },
  {
    name: 'endings: a machine is ended under a request that may still reach it',
    file: 'src/decide/due.ts',
    find: 'if (!targetsSeenAfter(draft, state.since)) return false;',
    replace: '',
    caughtBy: CORE,
  },
  {
    name: 'adoption: a lost store launches everything anew',
    file: 'src/decide/adoption.ts',
    find: '    adoptAll(draft);\n',
    replace: '\n',
    caughtBy: HEALTH,
  },
  {
    name: 'launch token: what was spawned before a crash is spawned again',
    file: 'src/providers/process/provider.ts',
    find: 'const spawned = found === null ? null : await findSpawned(this.#fleet, request.instanceId);',
    replace: 'const spawned = found === null ? await findSpawned(this.#fleet, request.instanceId) : null;',
    caughtBy: { tests: ['src/providers/process/provider.test.ts'] },
  },
];
