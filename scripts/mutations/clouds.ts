import type { Mutation } from './mutation.ts';

/** What keeps servers at a cloud from being lost, doubled, or taken for another's. */
export const CLOUDS: readonly Mutation[] = [
  {
    name: 'hetzner: there is said to be no room for a server that was made',
    file: 'src/providers/hetzner/provider.ts',
    find: "if (isTaken || refusal.reaction === 'NoCapacity') {",
    replace: 'if (isTaken) {',
    caughtBy: { tests: ['test/components/hetzner/launch.test.ts'] },
  },
  {
    name: "hetzner: another server of the name passes for the instance's",
    file: 'src/providers/hetzner/provider.ts',
    find: 'if (machine?.instanceId !== request.instanceId) throw otherServer(server);',
    replace: 'if (machine === null) return null;',
    caughtBy: { tests: ['test/components/hetzner/launch.test.ts'] },
  },
  {
    name: 'hetzner: a server falls out between two pages of a list',
    file: 'src/providers/hetzner/client.ts',
    find: 'if (total !== undefined && total !== totalNow) return null;',
    replace: '',
    caughtBy: { tests: ['test/components/hetzner/list.test.ts'] },
  },
  {
    name: 'hetzner: a server without the label of the fleet is deleted',
    file: 'src/providers/hetzner/endings.ts',
    find: 'if (server === null || tags === null) {',
    replace: 'if (server === null) {',
    caughtBy: { tests: ['test/components/hetzner/list.test.ts'] },
  },
  {
    name: 'the last calls of a rate limit go to lists',
    file: 'src/providers/rate-limit.ts',
    find: "const kept = kind === 'list' ? this.#calls * KEPT_SHARE : 0;",
    replace: 'const kept = 0;',
    caughtBy: { tests: ['src/providers/rate-limit.test.ts'] },
  },
  {
    name: "azure: a copy with all tags and another name is taken for the fleet's",
    file: 'src/providers/azure/tags.ts',
    find: 'if (vmName(fleet, { group, instanceId }) !== vm) return null;',
    replace: '',
    caughtBy: { tests: ['test/components/azure/list.test.ts'] },
  },
  {
    name: 'azure: a disk of the name is deleted whatever its tags',
    file: 'src/providers/azure/ending.ts',
    find: 'if (disk !== null && isOurs(disk))',
    replace: 'if (disk !== null)',
    caughtBy: { tests: ['test/components/azure/list.test.ts'] },
  },
  {
    name: 'azure: a machine without the tags of the fleet is deleted',
    file: 'src/providers/azure/ending.ts',
    find: 'if (!isOurs(vm)) return null;',
    replace: '',
    caughtBy: { tests: ['test/components/azure/list.test.ts'] },
  },
  {
    name: 'azure: an operation that cannot be asked for counts as one that has failed',
    file: 'src/providers/azure/errors.ts',
    find: "return new PortError('Transient', 'operationLost', message, { cause: error });",
    replace: 'return mapped;',
    caughtBy: { tests: ['test/components/azure/launch.test.ts'] },
  },
  {
    name: 'azure: a page that is not found means that a machine is gone',
    file: 'src/providers/azure/errors.ts',
    find: 'if (status === 404 || status === 408 ||',
    replace: "if (status === 404) return 'NotFound';\n  if (status === 408 ||",
    caughtBy: { tests: ['test/components/azure/list.test.ts'] },
  },
  {
    name: "azure: a network interface of the name that is somebody else's is changed",
    file: 'src/providers/azure/provider.ts',
    find: 'for (const part of [vm, networkInterface, publicAddress]) {',
    replace: 'for (const part of [vm, publicAddress]) {',
    caughtBy: { tests: ['test/components/azure/launch.test.ts'] },
  },
];
