import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { PortError } from '../ports/errors.ts';
import { alertsIn } from './binary.ts';
import { logSince, logSize } from './launch.ts';
import { requestReload, showProcesses } from './master.ts';
import type { Paths } from './paths.ts';
import type { Report } from './report.ts';
import { nullIfBusy, type Runtime } from './runtime.ts';

const RELOAD_TIMEOUT_MS = 15_000;
const POLL_MS = 20;

/**
 * Makes the running master take the configuration on disk. Resolves when a new worker runs with it.
 * @throws PortError `reloadRefused` when it did not; the old worker goes on then
 */
export async function reload(
  paths: Paths,
  fingerprint: string,
  report: Report,
  runtime: Runtime,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const logged = await logSize(paths.log);
  const before = await showProcesses(paths.masterSocket, clock, signal);
  await requestReload(paths.masterSocket, clock, signal);
  const untilReloaded = async (both: AbortSignal): Promise<void> => {
    for (;;) {
      const worker = await nullIfBusy(runtime.identify(both));
      // None while the master executes itself anew.
      const after = await nullIfBusy(showProcesses(paths.masterSocket, clock, both));
      const isNew = worker !== null && worker.pid !== report.pid && !worker.stopping;
      if (after !== null && isNew && worker.fingerprint === fingerprint) return;
      if (after !== null && after.reloads > before.reloads && after.failedReloads > 0) {
        const why = alertsIn(await logSince(paths.log, logged));
        throw new PortError('Invalid', 'reloadRefused', `HAProxy did not take the configuration: ${why}`);
      }
      await clock.sleep(POLL_MS, both);
      both.throwIfAborted();
    }
  };
  await withDeadline(clock, RELOAD_TIMEOUT_MS, signal, untilReloaded, 'the reload of HAProxy');
}
