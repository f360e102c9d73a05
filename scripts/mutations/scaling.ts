import type { Mutation } from './mutation.ts';

/** For each invariant of the simulation about sight, metrics, policies and suspensions a change that violates it. */
export const SCALING: readonly Mutation[] = [
  {
    name: 'servers are launched and ended by those who cannot see',
    file: 'src/decide/sight.ts',
    find: 'return !isFirstList && sources(facts).every(({ blind }) => blind === null);',
    replace: 'return !isFirstList;',
    caughtBy: { invariant: 'blindMeansStill', seeds: 200 },
  },
  {
    name: 'a metric that is missing is zero',
    file: 'src/control/metric-watch.ts',
    find: "if (reading.kind === 'missing') return reading;",
    replace: "if (reading.kind === 'missing') return { kind: 'value', value: 0, at: now };",
    caughtBy: { invariant: 'missingIsNotZero', seeds: 200 },
  },
  {
    name: 'a value counts however old it is',
    file: 'src/control/metric-watch.ts',
    find: 'ageMs <= maxAgeMs) return reading;',
    replace: 'ageMs <= Number.POSITIVE_INFINITY) return reading;',
    caughtBy: { invariant: 'missingIsNotZero', seeds: 1_000 },
  },
  {
    name: 'a policy that holds without a reading agrees to fewer servers',
    file: 'src/decide/policies/missing.ts',
    find: `case 'hold':
      return {
        ...verdict,
        agreesToScaleIn: false,`,
    replace: `case 'hold':
      return {
        ...verdict,
        agreesToScaleIn: true,`,
    caughtBy: { invariant: 'missingIsNotZero', seeds: 2_000 },
  },
  {
    name: 'launch is suspended and something is launched',
    file: 'src/decide/launch-backoff.ts',
    find: 'if (off !== null) return off;',
    replace: '',
    caughtBy: { invariant: 'suspensionHolds', seeds: 200 },
  },
  {
    name: 'terminate is suspended and too many are ended',
    file: 'src/decide/scale-in.ts',
    find: "if (draft.waitsFor(suspension(draft, ['terminate'],",
    replace: 'if (draft.waitsFor(suspension(draft, [],',
    caughtBy: { invariant: 'suspensionHolds', seeds: 500 },
  },
  {
    name: 'healthCheck is suspended and failed checks are noted',
    file: 'src/decide/health.ts',
    find: "suspension(draft, ['healthCheck'],",
    replace: 'suspension(draft, [],',
    caughtBy: { invariant: 'suspensionHolds', seeds: 500 },
  },
  {
    name: 'replaceUnhealthy is suspended and servers are replaced',
    file: 'src/decide/replacement.ts',
    find: "suspension(draft, ['replaceUnhealthy', 'terminate'],",
    replace: 'suspension(draft, [],',
    caughtBy: { invariant: 'suspensionHolds', seeds: 2_000 },
  },
  {
    name: 'nothing is to be replaced and a server is whose machine has stopped',
    file: 'src/decide/health.ts',
    find: 'if (lifecycleOf(instance).isLeaving) return null;',
    replace: 'if (!lifecycleOf(instance).isLeaving) return null;',
    caughtBy: { invariant: 'suspensionHolds', seeds: 500 },
  },
  {
    name: 'alarmNotification is suspended and policies are followed',
    file: 'src/decide/follow-policies.ts',
    find: "const followed = isHeld ? verdicts.filter(({ type }) => type === 'predictive') : verdicts;",
    replace: 'const followed = verdicts;',
    caughtBy: { invariant: 'suspensionHolds', seeds: 500 },
  },
  {
    name: 'scheduledActions are suspended and carried out',
    file: 'src/decide/scheduled.ts',
    find: "suspension(draft, ['scheduledActions'],",
    replace: 'suspension(draft, [],',
    caughtBy: { invariant: 'suspensionHolds', seeds: 500 },
  },
  {
    name: 'addToLoadBalancer is suspended and new servers get requests',
    file: 'src/decide/membership.ts',
    find: "const isReady = member === 'ready' && !(isSuspended && isPending);",
    replace: "const isReady = member === 'ready';",
    caughtBy: { invariant: 'suspensionHolds', seeds: 500 },
  },
  {
    name: 'a server with requests is taken out because no more are to be registered',
    file: 'src/decide/membership.ts',
    find: 'if (machine === null || member === null) continue;',
    replace: 'if (machine === null || member === null || (isSuspended && isPending)) continue;',
    caughtBy: { tests: ['test/simulation/known.test.ts'] },
  },
  {
    name: 'policies take no server away',
    file: 'src/decide/follow-policies.ts',
    find: 'if (by !== 0) changeSize(',
    replace: 'if (by > 0) changeSize(',
    caughtBy: { invariant: 'liveness', seeds: 100 },
  },
  {
    name: 'policies add no server',
    file: 'src/decide/follow-policies.ts',
    find: 'if (by !== 0) changeSize(',
    replace: 'if (by < 0) changeSize(',
    caughtBy: { invariant: 'liveness', seeds: 100 },
  },
  {
    name: 'a size is changed and nobody is told by whom',
    file: 'src/decide/follow-policies.ts',
    find: "by > 0 ? 'scaledOut' : 'scaledIn',",
    replace: "'inService',",
    caughtBy: { invariant: 'explained', seeds: 100 },
  },
  {
    name: 'no server is healthy and a policy takes one away',
    file: 'src/decide/policies/evaluate.ts',
    find: 'if (!allUnhealthy || verdict.wants === null',
    replace: 'if (allUnhealthy || verdict.wants === null',
    caughtBy: { tests: ['test/field/scaling/overload.test.ts'] },
  },
  {
    name: 'a scheduled size is beyond the bounds',
    file: 'src/decide/scheduled.ts',
    find: 'const desired = Math.min(maxSize, Math.max(minSize, wanted));',
    replace: 'const desired = wanted;',
    caughtBy: { invariant: 'desiredWithinBounds', seeds: 200 },
  },
];
