import type { ControllerOptions } from '../../src/control/controller-options.ts';
import { NOTHING_SHOWN } from '../../src/fleet/facts.ts';
import type { Store } from '../../src/ports/store.ts';
import { NO_TELEMETRY } from '../../src/ports/telemetry.ts';
import { VirtualClock } from '../simulation/world/virtual-clock.ts';

/** A store that answers what a test gives it and fails at everything else. */
export function storeOf(given: Partial<Store>): Store {
  return {
    load: unexpected('load'),
    commit: unexpected('commit'),
    activities: unexpected('activities'),
    recordSamples: unexpected('recordSamples'),
    recordMetrics: unexpected('recordMetrics'),
    metricHistory: unexpected('metricHistory'),
    trafficHistory: unexpected('trafficHistory'),
    capacityHistory: unexpected('capacityHistory'),
    fleetVersions: unexpected('fleetVersions'),
    fleetVersion: unexpected('fleetVersion'),
    notificationCursors: async () => [],
    prune: unexpected('prune'),
    close: async () => {},
    ...given,
  };
}

/** What a controller is given where a test is about one part of it: beside `given`, an empty world and an API that owns the fleet. */
export function controllerOptionsOf(given: Partial<ControllerOptions>): ControllerOptions {
  let seeds = 0;
  return {
    source: { kind: 'api' },
    documents: { read: unexpected('read'), shown: (document) => document },
    shownSettings: NOTHING_SHOWN,
    store: storeOf({}),
    provider: unexpected('provider'),
    keepsMachines: unexpected('keepsMachines'),
    loadBalancer: unexpected('loadBalancer'),
    existingLoadBalancers: async () => [],
    desiredFile: unexpected('desiredFile'),
    metricSource: unexpected('metricSource'),
    notifier: unexpected('notifier'),
    commands: { run: async () => {} },
    telemetry: NO_TELEMETRY,
    probe: { check: unexpected('check') },
    clock: new VirtualClock(),
    ids: { seed: () => String(seeds++) },
    mode: 'up',
    about: { version: '1', pid: 7, dataDir: '/data' },
    onProblem: () => {},
    onDefect: (where, error) => {
      throw new Error(`an error in Drover itself has hit ${where}`, { cause: error });
    },
    onUnannounced: () => {},
    ...given,
  };
}

export function unexpected(what: string): () => never {
  return () => {
    throw new Error(`this test does not expect that ${what} is asked for`);
  };
}
