import type { Mutation } from './mutation.ts';

const RECONCILER = { tests: ['src/control/reconciler.test.ts'] };
const STEPS = { tests: ['src/control/reconcile.test.ts'] };
const CONFIGURATION = { tests: ['test/fleet/configuration.test.ts'] };
const WATCHES = { tests: ['test/fleet/watches.test.ts'] };

/** The desired fleet: its versions, its owner, and how what runs is brought to it. */
export const FLEET: readonly Mutation[] = [
  {
    name: 'reconcile: what an earlier controller has left is terminated before the fleet is known',
    file: 'src/control/controller.ts',
    find: 'this.#configuration.isKnown ? stepsLeft(',
    replace: 'this.#configuration.current >= 0 ? stepsLeft(',
    caughtBy: WATCHES,
  },
  {
    name: 'reconcile: a step that has failed is never tried again',
    file: 'src/control/reconciler.ts',
    find: 'const retryMs = clock.steadyMs() + waitMs;',
    replace: 'const retryMs = clock.steadyMs() + waitMs * 1e9;',
    caughtBy: RECONCILER,
  },
  {
    name: 'reconcile: two steps about one thing run beside each other',
    file: 'src/control/reconciler.ts',
    find: 'if (this.#performing.has(subject) ||',
    replace: 'if (this.#performing.has(keyOf(step)) ||',
    caughtBy: RECONCILER,
  },
  {
    name: 'reconcile: a provider is closed while servers of it are there',
    file: 'src/control/reconcile.ts',
    find: '    ...running.providersInUse,\n',
    replace: '',
    caughtBy: STEPS,
  },
  {
    name: 'reconcile: a load balancer that the fleet has is terminated',
    file: 'src/control/reconcile.ts',
    find: 'const leaving = [...running].filter(([name]) => !names.has(name));',
    replace: 'const leaving = [...running].filter(([name]) => !names.has(name) || running.size > 2);',
    caughtBy: { invariant: 'wantedGoesOn', seeds: 400 },
  },
  {
    name: 'versions: a change is made although it was not made from the version in force',
    file: 'src/control/configuration.ts',
    find: 'if (madeFrom === this.current) return;',
    replace: 'if (madeFrom <= this.current) return;',
    caughtBy: CONFIGURATION,
  },
  {
    name: 'versions: the API changes what a file owns',
    file: 'src/control/configuration.ts',
    find: "if (source.kind === 'api') return;\n    throw",
    replace: "if (source.kind !== 'api') return;\n    throw",
    caughtBy: CONFIGURATION,
  },
  {
    name: 'versions: a change is followed before it is recorded',
    file: 'src/control/configuration.ts',
    find: '      await this.#record(document, origin, changes);\n      this.#follow(fleet);',
    replace: '      this.#follow(fleet);\n      await this.#record(document, origin, changes);',
    caughtBy: CONFIGURATION,
  },
  {
    name: 'versions: what was shown without its secrets is applied',
    file: 'src/fleet/file/load.ts',
    find: 'hidden.length > 0 ?',
    replace: 'hidden.length < 0 ?',
    caughtBy: { tests: ['test/field/trust/versions.test.ts'] },
  },
  {
    name: 'versions: a secret is shown',
    file: 'src/fleet/file/shown-document.ts',
    find: 'return isPublic(path) ? withoutCredentials(value) : NOT_SHOWN;',
    replace: 'return withoutCredentials(value);',
    caughtBy: { tests: ['test/field/trust/versions.test.ts'] },
  },
];
