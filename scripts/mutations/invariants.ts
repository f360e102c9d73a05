import type { Mutation, Tests } from './mutation.ts';

/** What has to fail there is that the invariant is not violated. */
const PROVOKED: Tests = { tests: ['test/simulation/provoked.test.ts'] };

/** For each invariant of the simulation a change that violates it: it has been seen to fail. */
export const INVARIANTS: readonly Mutation[] = [
  {
    name: 'a repeated launch makes a second machine',
    file: 'src/simulation/sim-provider.ts',
    find: '(tooLate ? machines.lastOfInstance(instanceId) : machines.ofInstance(instanceId)) ??',
    replace: '(tooLate ? machines.lastOfInstance(instanceId) : undefined) ??',
    caughtBy: { invariant: 'oneMachineAnInstance', seeds: 100 },
  },
  {
    name: 'only servers that make up the size count against the maximum',
    file: 'src/decide/scale-out.ts',
    find: 'const room = Math.max(0, maxSize - draft.capacity().total);',
    replace: 'const room = Math.max(0, maxSize - kept(draft).length);',
    caughtBy: { invariant: 'maxSize', seeds: 100 },
  },
  {
    name: 'operations begin before the decision is committed',
    file: 'src/control/group-loop.ts',
    find: 'await this.#around.store.commit({ ...change, memory });',
    replace: 'this.#around.store.commit({ ...change, memory }).catch(() => undefined);',
    caughtBy: { invariant: 'committedBeforeActing', seeds: 100 },
  },
  {
    name: 'another machine than the one that was chosen is ended',
    file: 'src/control/operations.ts',
    find: 'await this.#provider.terminate(machineId, signal);',
    replace: "await this.#provider.terminate(machineId === '' ? machineId : 'm-1', signal);",
    caughtBy: { invariant: 'foreignMachine', seeds: 100 },
  },
  {
    name: 'a server that a person drains goes before its replacement has come',
    file: 'src/decide/requests.ts',
    find: 'const replaced = surplus >= 0;',
    replace: 'const replaced = true;',
    caughtBy: { invariant: 'capacityKept', seeds: 200 },
  },
  {
    name: 'a drained server is ended while requests are open',
    file: 'src/decide/lifecycle.ts',
    find: 'const IDLE_LOOKS = 3;',
    replace: 'const IDLE_LOOKS = 0;',
    caughtBy: { invariant: 'requestsFinish', seeds: 100 },
  },
  {
    name: 'servers are replaced although all of them look unhealthy',
    file: 'src/decide/brake.ts',
    find: "return all || many ? 'held' : 'free';",
    replace: "return 'free';",
    caughtBy: { invariant: 'nothingReplacedBlind', seeds: 1_000 },
  },
  {
    name: 'all that are unhealthy are replaced at once',
    file: 'src/decide/replacement.ts',
    find: `const allowed = Math.max(0, budget - missing);
  const due = allowed === 0 ? [] : ripe.filter((instance) => isConfirmed(draft, instance));`,
    replace: `const allowed = ripe.length;
  const due = ripe;`,
    caughtBy: PROVOKED,
  },
  {
    name: 'a machine is ended before the load balancer has let go of it',
    file: 'src/decide/due.ts',
    find: 'isTime(draft, state.retryAt) && mayEnd(draft, instance)) {',
    replace: 'isTime(draft, state.retryAt)) {',
    caughtBy: { invariant: 'routedToEnded', seeds: 200 },
  },
  {
    name: 'the address of a stopped machine is given away while the load balancer routes to it',
    file: 'src/decide/due.ts',
    find: "(cut && target !== 'blind' && target.health === 'unavailable'),",
    replace: 'cut,',
    caughtBy: PROVOKED,
  },
  {
    name: 'a loop that does not wait is not noticed',
    file: 'src/simulation/invariants.ts',
    find: 'if (this.#steps > STEPS_PER_SECOND)',
    replace: 'if (this.#steps < 0)',
    caughtBy: { tests: ['test/simulation/run.test.ts'] },
  },
  {
    name: 'a vanished machine skips the rest of its life',
    file: 'src/decide/health.ts',
    find: "const ended = draft.end(instance, 'machineGone');",
    replace: "const ended = draft.move(instance, { name: 'terminated', since: draft.now, cause: 'machineGone' });",
    caughtBy: { invariant: 'lifecycle', seeds: 100 },
  },
  {
    name: 'a list that lags behind is taken for the newest',
    file: 'src/control/machine-watch.ts',
    find: 'this.#lagMs = capabilities.listLagMs;',
    replace: 'this.#lagMs = 0;',
    caughtBy: PROVOKED,
  },
  {
    name: 'the size leaves the bounds of its group',
    file: 'src/decide/desired.ts',
    find: 'if (desired > maxSize) change(draft, maxSize,',
    replace: 'if (desired === maxSize) change(draft, maxSize + 1,',
    caughtBy: { invariant: 'desiredWithinBounds', seeds: 100 },
  },
  {
    name: 'a failed operation is nobody’s business',
    file: 'src/control/operations.ts',
    find: '      .catch((error): Outcome => ({ kind: failed, instanceId: id, failure: asFailure(error, this.#clock.now()) }))\n',
    replace: '',
    caughtBy: { invariant: 'noError', seeds: 100 },
  },
  {
    name: 'a controller that is asked to stop waits for ever',
    file: 'src/control/operations.ts',
    find: 'await Promise.all([...this.#running.values()].map(({ done }) => done));',
    replace: 'await new Promise(() => undefined);',
    caughtBy: { invariant: 'stops', seeds: 20 },
  },
  {
    name: 'an operation that has ended is taken for one under way',
    file: 'src/control/operations.ts',
    find: 'this.#running.delete(id);\n',
    replace: '\n',
    caughtBy: { invariant: 'liveness', seeds: 50 },
  },
  {
    name: 'a server that is ended stays a member of its load balancer',
    file: 'src/decide/membership.ts',
    find: "(!serves && state.name !== 'draining')",
    replace: "(!serves && state.name !== 'draining' && state.name !== 'terminating')",
    caughtBy: { invariant: 'liveness', seeds: 50 },
  },
  {
    name: 'orphans are told and never ended',
    file: 'src/decide/adoption.ts',
    find: 'for (const { machine } of due) endOrphan(draft, machine);\n',
    replace: '\n',
    caughtBy: { invariant: 'liveness', seeds: 1_000 },
  },
];
