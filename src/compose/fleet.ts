import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ownerOfSocket } from '../api/caller.ts';
import { ANSWERED_WHILE_STARTING } from '../api/routes/observability.ts';
import { Api } from '../api/server.ts';
import { sessionFile } from '../api/session-file.ts';
import { listen } from '../api/socket.ts';
import { listenOnPort } from '../api/tcp.ts';
import { CliError, InvalidFleetFile, type RunningFleet, type StartOptions } from '../cli/actions.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { Controller } from '../control/controller.ts';
import type { ReadFleet } from '../control/fleet-configuration.ts';
import { ServiceError } from '../control/service.ts';
import { describeWithoutPlace, type FleetFileError, formatErrors } from '../fleet/file/errors.ts';
import { shownSettings } from '../fleet/file/shown-settings.ts';
import { isSameProvider } from '../fleet/providers.ts';
import { createHaproxy } from '../haproxy/driver.ts';
import { createFileMetric } from '../metrics/file.ts';
import { metricSourceTypes } from '../metrics/registry.ts';
import { notifierTypes } from '../notifications/registry.ts';
import { isDefect, PortError } from '../ports/errors.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { httpProbe } from '../probes/http.ts';
import { providerTypes } from '../providers/registry.ts';
import { openDataFolder } from '../store/data-folder.ts';
import { acquireLock, type Lock } from '../store/lock.ts';
import { filesIn, guarded, rememberFiles } from '../store/presence.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { systemClock } from '../system/clock.ts';
import { systemCommands } from '../system/commands.ts';
import { systemIds } from '../system/ids.ts';
import { openLog } from '../system/log.ts';
import { logOf } from '../telemetry/log.ts';
import { measuredLoadBalancer, measuredProvider, measuredStore } from '../telemetry/measured.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { loadFleet, readFleetDocument, shownDocument } from './fleet-file.ts';

/** What a data folder may be refused for, as docs/store.md has it. */
const REFUSALS = ['locked', 'dataFolderUntrusted', 'dataFolderUnusable', 'dataFolderCopied'];

/** What `npm run build:web` makes. */
const DASHBOARD_FOLDER = join(import.meta.dirname, '..', '..', 'web', 'dist');

/** How often it is checked whether the data folder is still there; a commit checks by itself. */
const PRESENCE_INTERVAL_MS = 500;

function lockFolder(dataDir: string): Lock {
  try {
    return acquireLock(dataDir);
  } catch (error) {
    if (error instanceof PortError && REFUSALS.includes(error.code)) throw new CliError(EXIT.refused, error.message);
    throw error;
  }
}

async function readFleetFile(path: string, refusal: (errors: readonly FleetFileError[]) => Error): Promise<ReadFleet> {
  const read = await loadFleet(path);
  if (!read.ok) throw refusal(read.errors);
  return read;
}

function refused(errors: readonly FleetFileError[]): ServiceError {
  return new ServiceError('invalid', formatErrors(errors, { color: false }));
}

/** Each load balancer that was ever started has a folder of its own. */
async function foldersIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Puts a controller together with the real world, and its API in front of it. */
export async function startFleet({
  fleetFile,
  dataDir,
  mode,
  version,
  logLevel = 'info',
  onLogLine,
  tracesTo,
  listenOn,
}: StartOptions & { readonly version: string }): Promise<RunningFleet> {
  // Before the data folder is touched.
  if (fleetFile !== null) await readFleetFile(fleetFile, (errors) => new InvalidFleetFile(errors));
  const lock = lockFolder(dataDir);
  const log = openLog(join(dataDir, 'drover.log'), {
    level: logLevel,
    ...(onLogLine === undefined ? {} : { onLine: onLogLine }),
  });
  const database = await openSqliteStore({
    path: filesIn(dataDir).database,
    clock: systemClock,
  });
  const check = rememberFiles(dataDir);
  const metrics = new Metrics(version);
  const traces =
    tracesTo === undefined
      ? null
      : (await import('../telemetry/traces.ts')).startTraces({
          url: tracesTo,
          version,
          onProblem: (message) => log.warn(message),
        });
  const sinks = [metrics, logOf(log), ...(traces === null ? [] : [traces])];
  const telemetry = createTelemetry(systemClock, systemIds, sinks);
  const store = measuredStore(guarded(database, check), telemetry);
  const folder = (kind: string, name: string) => {
    const path = join(dataDir, kind, name);
    openDataFolder(path);
    return path;
  };

  const controller = new Controller({
    source:
      fleetFile === null
        ? { kind: 'api' }
        : { kind: 'file', path: fleetFile, read: () => readFleetFile(fleetFile, refused) },
    documents: {
      read: (document, name) => {
        const read = readFleetDocument(document, name);
        if (read.ok) return read.fleet;
        throw new ServiceError('invalid', read.errors.map(describeWithoutPlace).join('\n'));
      },
      shown: shownDocument,
    },
    shownSettings: shownSettings({ providers: providerTypes, sources: metricSourceTypes, notifiers: notifierTypes }),
    store,
    provider: ({ name, type, settings }, fleet) => {
      const known = providerTypes.get(type);
      if (known === undefined) {
        throw new PortError('Invalid', 'providerUnknown', `there is no provider ${name}: put it back under providers`);
      }
      const provider = known.create({
        fleet,
        settings,
        dataDir: folder('providers', name),
        clock: systemClock,
        onProblem: (message) => log.warn(message),
        onRateLimitWait: (waitMs) =>
          telemetry.count({ kind: 'rateLimitWait', provider: name, cause: 'budget', waitMs }),
      });
      return {
        provider: measuredProvider(provider, name, type, telemetry),
        capabilities: known.capabilities(settings),
      };
    },
    keepsMachines: (before, after) =>
      providerTypes.get(after.type)?.keepsMachines?.(before.settings, after.settings) ?? isSameProvider(before, after),
    loadBalancer: (name) => {
      const dataDir = folder('haproxy', name);
      const onCommands = (commands: number) =>
        telemetry.count({ kind: 'haproxyCommands', loadBalancer: name, commands });
      return measuredLoadBalancer(createHaproxy({ dataDir, clock: systemClock, onCommands }), name, telemetry);
    },
    existingLoadBalancers: () => foldersIn(join(dataDir, 'haproxy')),
    metricSource: ({ source, settings }, context) => {
      const type = metricSourceTypes.get(source);
      if (type === undefined)
        throw new PortError('Invalid', 'metricSourceUnknown', `there is no metric source ${source}`);
      return type.create({ settings, clock: systemClock, ...context });
    },
    probe: httpProbe,
    notifier: ({ name, type, settings }) => {
      const known = notifierTypes.get(type);
      if (known === undefined)
        throw new PortError('Invalid', 'notifierUnknown', `${name} is of no known type: ${type}`);
      const notifier = known.create({ settings, clock: systemClock });
      return { notifier, takes: known.takes, timeoutMs: known.timeoutMs(settings) };
    },
    commands: systemCommands,
    telemetry,
    desiredFile: (path) => createFileMetric({ path, clock: systemClock }),
    clock: systemClock,
    ids: systemIds,
    mode,
    about: { version, pid: process.pid, dataDir },
    onProblem: (message) => log.error(message),
    onDefect: (where, error) => log.error({ err: error }, `an error in Drover itself: ${where}`),
    onUnannounced: (found) => log.warn(`found by a check that no event had announced: ${found}`),
  });
  metrics.follow(() => controller.numbers());
  const shared = new Api({
    service: controller,
    clock: systemClock,
    version,
    onInternalError: (error) =>
      isDefect(error) ? controller.reportDefect('a request to the API', error) : log.error(error),
    sessions: sessionFile(join(dataDir, 'sessions.json'), (message) => log.warn(message)),
    observability: { exposition: () => metrics.exposition(), health: () => controller.health(), telemetry },
  });
  const api = shared.build(ownerOfSocket);
  const dashboard = listenOn === undefined ? null : shared.buildDashboard(DASHBOARD_FOLDER);
  // Whoever asks while it starts waits for an answer about the fleet that it starts with.
  const started = Promise.withResolvers<void>();
  for (const app of dashboard === null ? [api] : [api, dashboard]) {
    app.addHook('onRequest', async ({ routeOptions: { url } }) => {
      if (!ANSWERED_WHILE_STARTING.includes(url)) await started.promise;
    });
  }
  const close = async () => {
    await api.close();
    await dashboard?.close();
    await controller.stop();
    await store.close();
    lock.release();
    await traces?.close();
  };
  try {
    await listen(api, dataDir);
    if (dashboard !== null && listenOn !== undefined) shared.isAt(await listenOnPort(dashboard, listenOn));
    await controller.start().finally(() => started.resolve());
  } catch (error) {
    await close();
    throw error instanceof ServiceError ? new CliError(EXIT.refused, error.message) : error;
  }
  const ended = async () => {
    try {
      await untilEnded(controller, check, log, telemetry);
    } finally {
      await close();
    }
  };
  return {
    source: { status: () => controller.status(), activities: (filter) => controller.activities(filter) },
    dashboardLink: () => (dashboard === null ? null : shared.link({ name: 'the demo', role: 'admin', groups: null })),
    ended: ended(),
    stop: () => controller.stop(),
    reload: async () => (await controller.configuration.reload()).changes.length,
    down: () => controller.down(),
  };
}

/**
 * Resolves when the controller has ended. It ends by itself, without touching a server, once its data folder is not its own any more: another
 * one may run the fleet by then.
 */
async function untilEnded(controller: Controller, check: () => void, log: Logger, telemetry: Telemetry): Promise<void> {
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
    const sleptFromMs = systemClock.steadyMs();
    await systemClock.sleep(PRESENCE_INTERVAL_MS, finished.signal);
    // A wait that there is anyway says how late the event loop is.
    const delayMs = systemClock.steadyMs() - sleptFromMs - PRESENCE_INTERVAL_MS;
    if (!finished.signal.aborted) telemetry.count({ kind: 'loopDelay', delayMs: Math.max(0, delayMs) });
  }
  await ended;
}
