import type { Mutation, Tests } from './mutation.ts';

const exec: Tests = { tests: ['src/providers/exec/provider.test.ts'] };
const packages: Tests = { tests: ['src/providers/packages/load.test.ts'] };

/** What keeps providers from outside of Drover, programs and packages, from doing harm: what they say is checked, and what is loaded is trusted. */
export const PROVIDERS: readonly Mutation[] = [
  {
    name: "exec: another fleet's machine passes for one of the fleet",
    file: 'src/providers/exec/replies.ts',
    find: 'if (fleet !== bounds.fleet) {',
    replace: "if (fleet === '') {",
    caughtBy: exec,
  },
  {
    name: 'exec: two machines pass for one server',
    file: 'src/providers/exec/replies.ts',
    find: 'if (twice !== null) throw',
    replace: "if (twice === '') throw",
    caughtBy: exec,
  },
  {
    name: 'exec: a machine is listed in a zone that is not seen',
    file: 'src/providers/exec/replies.ts',
    find: 'if (inside !== undefined) {',
    replace: "if (inside?.id === '') {",
    caughtBy: exec,
  },
  {
    name: 'exec: a program that has failed counts by what it printed before',
    file: 'src/providers/exec/replies.ts',
    find: 'if (why !== null) throw',
    replace: "if (why === '') throw",
    caughtBy: exec,
  },
  {
    name: 'packages: a file that a package imports may be put there by anybody',
    file: 'src/providers/packages/load.ts',
    find: 'if (!path.startsWith(OUR_FOLDER)) refuseUntrusted(path);',
    replace: 'if (path === OUR_FOLDER) refuseUntrusted(path);',
    caughtBy: packages,
  },
  {
    name: 'packages: one is loaded from above the folder that was named',
    file: 'src/providers/packages/load.ts',
    find: "if (!existsSync(join(place, 'node_modules', name, 'package.json'))) {",
    replace: 'if (!existsSync(place)) {',
    caughtBy: packages,
  },
  {
    name: 'packages: one of another contract is used',
    file: 'src/providers/packages/checked.ts',
    find: 'if (known.data.contract !== CONTRACT) {',
    replace: 'if (known.data.contract === null) {',
    caughtBy: packages,
  },
  {
    name: 'doctor: what a provider says shows a password',
    file: 'src/compose/doctor/providers.ts',
    find: 'message: withoutCredentials(message)',
    replace: 'message',
    caughtBy: { tests: ['src/compose/doctor/doctor.test.ts'] },
  },
  {
    name: 'vagrant: Vagrant runs what is in a folder that others may change',
    file: 'src/providers/vagrant/machine-folders.ts',
    find: '(stat.mode & OTHERS) === 0 && ',
    replace: '',
    caughtBy: { tests: ['src/providers/vagrant/machine-folders.test.ts'] },
  },
  {
    name: 'vagrant: a server gets an address that another one has given up just now',
    file: 'src/providers/vagrant/addresses.ts',
    find: 'taken.has(address) || this.#resting.has(address)',
    replace: 'taken.has(address)',
    caughtBy: { tests: ['src/providers/vagrant/addresses.test.ts'] },
  },
];
