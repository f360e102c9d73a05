import type { Mutation, Tests } from './mutation.ts';

const tests = (name: string): Tests => ({ tests: [`test/components/docker/${name}.test.ts`] });
const settings: Tests = { tests: ['src/providers/docker/settings.test.ts'] };
const errors: Tests = { tests: ['src/providers/docker/errors.test.ts'] };

/** What keeps containers from being lost, doubled, taken for another's, or given more than they need. */
export const CONTAINERS: readonly Mutation[] = [
  {
    name: 'docker: a server that has stopped is started again',
    file: 'src/providers/docker/engine.ts',
    find: 'if (earlier === null || isHalfMade(earlier)) await',
    replace: 'await',
    caughtBy: tests('provider'),
  },
  {
    name: 'docker: a server that was made and not started is forgotten',
    file: 'src/providers/docker/engine.ts',
    find: 'if (earlier === null || isHalfMade(earlier)) await',
    replace: 'if (earlier === null) await',
    caughtBy: tests('provider'),
  },
  {
    name: "docker: somebody else's container passes for a server",
    file: 'src/providers/docker/engine.ts',
    find: 'if (info !== null && isOurs && container?.tags.fleet !== this.#fleet) {',
    replace: 'if (info === undefined) {',
    caughtBy: tests('field'),
  },
  {
    name: "docker: another fleet's container is ended",
    file: 'src/providers/docker/engine.ts',
    find: 'return container?.tags.fleet === this.#fleet ? container : null;',
    replace: 'return container;',
    caughtBy: tests('field'),
  },
  {
    name: 'docker: a launch that is refused leaves its container',
    file: 'src/providers/docker/engine.ts',
    find: "if (!(error instanceof PortError) || error.reaction === 'Transient' || statusOf(error.cause) === null) return;",
    replace: "if (name !== '') return;",
    caughtBy: tests('provider'),
  },
  {
    name: 'docker: a server that is there is refused when its image is gone',
    file: 'src/providers/docker/engine.ts',
    find: "      if (earlier !== null) return earlier;\n      if (settings.pull === 'always' ||",
    replace: "      if (settings.pull === 'always' ||",
    caughtBy: tests('registry'),
  },
  {
    name: 'docker: an image is pulled where that is forbidden',
    file: 'src/providers/docker/engine.ts',
    find: "if (settings.pull === 'never') throw notLoaded(settings.image, this.where, error);",
    replace: '',
    caughtBy: tests('registry'),
  },
  {
    name: 'docker: an image that is pulled always is one of yesterday',
    file: 'src/providers/docker/engine.ts',
    find: '      if (earlier !== null) return earlier;\n      await pull();',
    replace: '      if (earlier !== null) return earlier;',
    caughtBy: tests('registry'),
  },
  {
    name: 'docker: a failed removal counts as done',
    file: 'src/providers/docker/engine.ts',
    find: '          throw error;\n        }\n      });\n    await withDeadline',
    replace: '        }\n      });\n    await withDeadline',
    caughtBy: tests('field'),
  },
  {
    name: "docker: a server's own volumes stay",
    file: 'src/providers/docker/engine.ts',
    find: 'remove({ force: true, v: true, abortSignal });',
    replace: 'remove({ force: true, abortSignal } as never);',
    caughtBy: tests('provider'),
  },
  {
    name: 'docker: the engine starts a server again by itself',
    file: 'src/providers/docker/container-spec.ts',
    find: "RestartPolicy: { Name: 'no' },",
    replace: "RestartPolicy: { Name: 'always' },",
    caughtBy: tests('provider'),
  },
  {
    name: 'docker: a server may gain privileges',
    file: 'src/providers/docker/container-spec.ts',
    find: "SecurityOpt: ['no-new-privileges'],",
    replace: 'SecurityOpt: [],',
    caughtBy: tests('provider'),
  },
  {
    name: "docker: a server's ports are open to everybody",
    file: 'src/providers/docker/container-spec.ts',
    find: "HostIp: address ?? ''",
    replace: "HostIp: ''",
    caughtBy: tests('field'),
  },
  {
    name: "docker: an image's own health check runs beside HAProxy's",
    file: 'src/providers/docker/container-spec.ts',
    find: "Healthcheck: { Test: ['NONE'] },",
    replace: '',
    caughtBy: tests('field'),
  },
  {
    name: 'docker: a host that cannot be reached has nothing any more',
    file: 'src/providers/docker/errors.ts',
    find: "        'Transient',\n        'unreachable',",
    replace: "        'NotFound',\n        'unreachable',",
    caughtBy: errors,
  },
  {
    name: 'docker: what an engine under load lists late is seen with the next planned list',
    file: 'src/providers/docker/event-watch.ts',
    find: 'for (const waitMs of LISTED_AFTER_MS) void',
    replace: 'for (const waitMs of LISTED_AFTER_MS.slice(0, 1)) void',
    caughtBy: { tests: ['src/providers/docker/event-watch.test.ts'] },
  },
  {
    name: 'docker: an engine is used without TLS from afar',
    file: 'src/providers/docker/engine-settings.ts',
    find: 'if (files === null && !isLoopback(at.host)) {',
    replace: "if (files === null && at.host === '') {",
    caughtBy: settings,
  },
  {
    name: 'docker: two hosts are one engine, and each machine is listed twice',
    file: 'src/providers/docker/engine-settings.ts',
    find: 'return engineUrlOf(a) === engineUrlOf(b);',
    replace: 'return a === b;',
    caughtBy: settings,
  },
  {
    name: 'docker: a host is taken away while its servers run',
    file: 'src/providers/docker/index.ts',
    find: 'engines.some((one) => one.zone === zone && engineUrlOf(one.connection) === engineUrlOf(connection)),',
    replace: 'engines.some(() => zone !== undefined && connection !== undefined),',
    caughtBy: settings,
  },
  {
    name: 'docker: a refused login passes for a host that is away',
    file: 'src/providers/docker/errors.ts',
    find: 'if (code === SSH_REFUSED) {',
    replace: "if (code === '') {",
    caughtBy: tests('ssh'),
  },
];
