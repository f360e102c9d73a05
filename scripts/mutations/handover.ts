import type { Mutation } from './mutation.ts';

/** What goes over from one load balancer to another is with one of them at any time. */
export const HANDOVER: readonly Mutation[] = [
  {
    name: 'handover: a listener goes before the next load balancer has its port',
    file: 'src/haproxy/handover.ts',
    find: '({ port }) => awaitedPorts.includes(port) && !wanted.has(port),',
    replace: '() => false,',
    caughtBy: { tests: ['src/haproxy/handover.test.ts'] },
  },
  {
    name: 'handover: a server leaves before the next load balancer has its target group',
    file: 'src/haproxy/handover.ts',
    find: 'return known.has(targetGroup) && other?.isServed === false ? other.state : undefined;',
    replace: 'return undefined;',
    caughtBy: { tests: ['src/haproxy/handover.test.ts'] },
  },
  {
    name: 'handover: a load balancer is terminated before the next one listens',
    file: 'src/control/reconcile.ts',
    find: 'running.get(name)?.listensOn.includes(port) !== true,',
    replace: 'false,',
    caughtBy: { tests: ['src/control/reconcile.test.ts'] },
  },
  {
    name: 'handover: what changes while a configuration is refused waits for the next try',
    file: 'src/control/balancer-loop.ts',
    find: 'return this.#isNews && this.#isRefused;',
    replace: 'return false;',
    caughtBy: { tests: ['src/control/balancer-loop.test.ts'] },
  },
];
