import { mkdir } from 'node:fs/promises';
import { listen } from '../../src/api/socket.ts';
import type { CliActions, RunningFleet, StartOptions } from '../../src/cli/actions.ts';
import { DEFAULT_HISTORY, type Fleet } from '../../src/model/fleet.ts';
import { apiOf } from './api.ts';
import type { FakeFleetService } from './fake-service.ts';

export const FLEET: Fleet = {
  name: 'hello',
  providers: [],
  loadBalancers: [],
  targetGroups: [],
  autoScalingGroups: [],
  notifications: [],
  history: DEFAULT_HISTORY,
};

const FILE = { fleet: FLEET, document: { content: { fleet: 'hello' }, baseDir: '/srv/hello' }, locate: () => [] };

/** The commands' actions over a fake fleet, with its API on the data folder's socket while it runs. */
export function fakeActions(
  makeService: (dataDir: string) => FakeFleetService,
  more: Partial<CliActions> = {},
): CliActions {
  return {
    version: '0.1.0',
    demoFleetFile: '/srv/hello/fleet.yaml',
    loadFleet: async () => ({ ok: true, ...FILE }),
    checkFleet: async () => ({ ok: true, ...FILE }),
    starters: async () => new Map(),
    portProblem: async () => null,
    warnings: async () => [],
    doctor: async () => ({ subjects: [] }),
    jsonSchema: async () => ({ type: 'object' }),
    simulate: async () => [],
    startFleet: (options) => startFake(makeService(options.dataDir), options),
    ...more,
  };
}

/** Serves a fake fleet until it is stopped or gone. */
export async function startFake(service: FakeFleetService, { dataDir, mode }: StartOptions): Promise<RunningFleet> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const app = apiOf(service);
  await listen(app, dataDir);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const stop = () => app.close().then(() => resolve());
  service.onGone = () => {
    service.onGone = () => {};
    setImmediate(stop);
  };
  if (mode === 'down') await service.down();
  const reload = async () => (await service.configuration.reload()).changes.length;
  return { source: service, dashboardLink: () => null, ended, stop, reload, down: () => service.down() };
}
