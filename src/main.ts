#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { buildApi } from './api/server.ts';
import { listen } from './api/socket.ts';
import { FileError, readBounded } from './base/files.ts';
import {
  type CliActions,
  CliError,
  InvalidFleetFile,
  type LoadSource,
  type RunningFleet,
  type SimulateOptions,
  type StartOptions,
} from './cli/actions.ts';
import { EXIT } from './cli/exit-codes.ts';
import { runCli } from './cli/program.ts';
import { processTerminal } from './cli/terminal.ts';
import { Controller } from './control/controller.ts';
import { ServiceError } from './control/service.ts';
import { createHaproxy } from './haproxy/driver.ts';
import { createFileMetric } from './metrics/file.ts';
import { metricSourceTypes } from './metrics/registry.ts';
import { formatErrors } from './model/fleet-file/errors.ts';
import { fleetJsonSchema } from './model/fleet-file/json-schema.ts';
import { type FleetFileResult, MAX_FLEET_FILE_BYTES, parseFleet, unreadableFleet } from './model/fleet-file/load.ts';
import { shownSettings } from './model/fleet-file/shown-settings.ts';
import type { WhatIfRun } from './model/what-if.ts';
import { PortError } from './ports/errors.ts';
import type { LoadBalancerDriver } from './ports/load-balancer.ts';
import type { Provider } from './ports/provider.ts';
import { httpProbe } from './probes/http.ts';
import { providerTypes } from './providers/registry.ts';
import { readCsv, readPrometheusRange } from './simulation/what-if/recordings.ts';
import { SeriesError } from './simulation/what-if/series.ts';
import { type WhatIfOptions, whatIf } from './simulation/what-if/what-if.ts';
import { openDataFolder } from './store/data-folder.ts';
import { acquireLock, type Lock } from './store/lock.ts';
import { filesIn, guarded, rememberFiles } from './store/presence.ts';
import { readRecordedMetric } from './store/recorded-metrics.ts';
import { openSqliteStore } from './store/sqlite.ts';
import { systemClock } from './system/clock.ts';
import { systemIds } from './system/ids.ts';
import { openLog } from './system/log.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** What a data folder may be refused for, as docs/store.md has it. */
const REFUSALS = ['locked', 'dataFolderUntrusted', 'dataFolderUnusable', 'dataFolderCopied'];

/** How often it is looked at whether the data folder is still there; a commit looks by itself. */
const PRESENCE_INTERVAL_MS = 500;

const MAX_RECORDING_BYTES = 32 * 1024 * 1024;

const actions: CliActions = {
  version,
  demoFleetFile: join(root, 'examples', 'hello', 'fleet.yaml'),
  loadFleet,
  hostWarnings: ({ autoScalingGroups }) =>
    autoScalingGroups.flatMap(({ name, launchTemplate: { provider, settings } }) =>
      (providerTypes.get(provider)?.settingsWarnings?.(settings) ?? []).map(
        (warning) => `autoScalingGroups.${name}.launchTemplate: ${warning}`,
      ),
    ),
  jsonSchema: () => fleetJsonSchema(providerTypes, metricSourceTypes),
  startFleet,
  simulate,
};

async function loadFleet(fleetFile: string): Promise<FleetFileResult> {
  let text: Uint8Array;
  try {
    text = (await readBounded(fleetFile, { maxBytes: MAX_FLEET_FILE_BYTES })).bytes;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return unreadableFleet(fleetFile, error.message);
  }
  return parseFleet({ text, path: fleetFile, providers: providerTypes, sources: metricSourceTypes });
}

function lockFolder(dataDir: string): Lock {
  try {
    return acquireLock(dataDir);
  } catch (error) {
    if (error instanceof PortError && REFUSALS.includes(error.code)) throw new CliError(EXIT.refused, error.message);
    throw error;
  }
}

/** Puts a controller together with the real world, and its API in front of it. */
async function startFleet({ fleetFile, dataDir, mode }: StartOptions): Promise<RunningFleet> {
  const loaded = await loadFleet(fleetFile);
  if (!loaded.ok) throw new InvalidFleetFile(loaded.errors);
  const { fleet } = loaded;
  const lock = lockFolder(dataDir);
  const log = openLog(join(dataDir, 'drover.log'));
  const database = await openSqliteStore({
    path: filesIn(dataDir).database,
    history: fleet.history,
    clock: systemClock,
  });
  const check = rememberFiles(dataDir);
  const store = guarded(database, check);
  const providers = new Map<string, Provider>();
  const loadBalancers = new Map<string, LoadBalancerDriver>();
  const folder = (kind: string, name: string) => {
    const path = join(dataDir, kind, name);
    openDataFolder(path);
    return path;
  };

  const controller = new Controller({
    fleet,
    loadFleet: async () => {
      const again = await loadFleet(fleetFile);
      if (again.ok) return again.fleet;
      throw new ServiceError('invalid', formatErrors(again.errors, { color: false }));
    },
    shownSettings: shownSettings(providerTypes, metricSourceTypes),
    store,
    provider: (name) => {
      const type = providerTypes.get(name);
      if (type === undefined) throw new Error(`there is no provider ${name}`);
      const provider = type.create({
        fleet: fleet.name,
        dataDir: folder('providers', name),
        clock: systemClock,
        onProblem: (message) => log.warn(message),
      });
      providers.set(name, provider);
      return { provider, capabilities: type.capabilities };
    },
    loadBalancer: (name) => {
      const driver = createHaproxy({ dataDir: folder('haproxy', name), clock: systemClock });
      loadBalancers.set(name, driver);
      return driver;
    },
    metricSource: ({ source, settings }, context) => {
      const type = metricSourceTypes.get(source);
      if (type === undefined) throw new Error(`there is no metric source ${source}`);
      return type.create({ settings, clock: systemClock, ...context });
    },
    probe: httpProbe,
    desiredFile: (path) => createFileMetric({ path, clock: systemClock }),
    clock: systemClock,
    ids: systemIds,
    mode,
    about: { version, pid: process.pid, fleetFile, dataDir },
    onProblem: (message) => log.error(message),
    onUnannounced: (found) => log.warn(`found by a safety look, without an event: ${found}`),
  });
  const api = buildApi(controller, { onInternalError: (error) => log.error(error) });
  const close = async () => {
    await api.close();
    await controller.stop();
    for (const port of [...providers.values(), ...loadBalancers.values()]) await port.close();
    await store.close();
    lock.release();
  };
  try {
    await listen(api, dataDir);
    await controller.start();
  } catch (error) {
    await close();
    throw error instanceof ServiceError ? new CliError(EXIT.refused, error.message) : error;
  }
  const ended = async () => {
    try {
      await untilEnded(controller, check, log);
    } finally {
      await close();
    }
  };
  return {
    source: { status: () => controller.status(), activities: (filter) => controller.activities(filter) },
    ended: ended(),
    stop: () => controller.stop(),
    reload: async () => (await controller.reloadFleet()).length,
    down: () => controller.down(),
  };
}

/**
 * Resolves when the controller has ended. It ends by itself, without touching a server, once its data folder is not its own any more: another
 * one may run the fleet by then.
 */
async function untilEnded(controller: Controller, check: () => void, log: Logger): Promise<void> {
  const finished = new AbortController();
  const ended = controller.finished.finally(() => finished.abort());
  while (!finished.signal.aborted) {
    try {
      check();
    } catch (error) {
      log.error(error);
      await controller.stop();
      throw error;
    }
    await systemClock.sleep(PRESENCE_INTERVAL_MS, finished.signal);
  }
  await ended;
}

/** Replays a load; nothing is started, changed or locked by it. */
async function simulate({ fleetFiles, load, ...options }: SimulateOptions): Promise<readonly WhatIfRun[]> {
  const fleets = [];
  for (const { path, title } of fleetFiles) {
    const loaded = await loadFleet(path);
    if (!loaded.ok) throw new InvalidFleetFile(loaded.errors);
    fleets.push({ title, fleet: loaded.fleet });
  }
  try {
    const recording = await openRecording(load, options.group);
    return whatIf({ ...options, choice: options, fleets, recording });
  } catch (error) {
    throw error instanceof SeriesError ? new CliError(EXIT.refused, error.message) : error;
  }
}

async function openRecording(load: LoadSource, group: string): Promise<WhatIfOptions['recording']> {
  if (load.kind === 'recorded') {
    const path = filesIn(load.dataDir).database;
    return (metric, valueIs) => {
      if (metric === null) throw new SeriesError(`Group ${group} follows no metric: give --metrics, or name --metric.`);
      if (valueIs === 'average') {
        throw new SeriesError(`${metric} was recorded as an average, which does not tell the load: give --metrics.`);
      }
      const { hours, minutes } = readRecordedMetric(path, group, metric);
      if (minutes.length < 2)
        throw new SeriesError(`${path} has no recorded history of ${metric} of group ${group} yet.`);
      return { readings: minutes, before: hours };
    };
  }
  const text = await recordingText(load.path);
  const readings = load.kind === 'csv' ? readCsv(text) : readPrometheusRange(text);
  return () => ({ readings, before: [] });
}

async function recordingText(path: string): Promise<string> {
  try {
    return (await readBounded(path, { maxBytes: MAX_RECORDING_BYTES })).bytes.toString();
  } catch (error) {
    throw error instanceof FileError ? new SeriesError(`${path} cannot be read: ${error.message}.`) : error;
  }
}

process.exitCode = await runCli(process.argv.slice(2), actions, processTerminal(systemClock));
