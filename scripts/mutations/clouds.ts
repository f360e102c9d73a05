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
];
