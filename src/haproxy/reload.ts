import { createServer } from 'node:net';
import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { alertsIn } from './binary.ts';
import { within } from './deadline.ts';
import { errorCode } from './files.ts';
import { logSince, logSize } from './launch.ts';
import type { Look } from './look.ts';
import { requestReload, showProcesses } from './master.ts';
import type { Paths } from './paths.ts';
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
  look: Look,
  runtime: Runtime,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const logged = await logSize(paths.log);
  const before = await showProcesses(paths.masterSocket, clock, signal);
  await requestReload(paths.masterSocket, clock, signal);
  await within(clock, RELOAD_TIMEOUT_MS, signal, 'the reload of HAProxy', async (both) => {
    for (;;) {
      const worker = await nullIfBusy(runtime.identify(both));
      // None while the master executes itself anew.
      const after = await nullIfBusy(showProcesses(paths.masterSocket, clock, both));
      const isNew = worker !== null && worker.pid !== look.pid && !worker.stopping;
      if (after !== null && isNew && worker.fingerprint === fingerprint) return;
      if (after !== null && after.reloads > before.reloads && after.failedReloads > 0) {
        const why = alertsIn(await logSince(paths.log, logged));
        throw new PortError('Invalid', 'reloadRefused', `HAProxy did not take the configuration: ${why}`);
      }
      await clock.sleep(POLL_MS, both);
      both.throwIfAborted();
    }
  });
}

/**
 * Tries the addresses that HAProxy does not listen on yet. A reload that cannot have one of them would interrupt the others:
 * while it tries for seconds, the old process has stepped aside.
 * @throws PortError `listenerUnavailable`
 */
export async function checkNewListeners({ loadBalancer }: DesiredState, look: Look): Promise<void> {
  const { listeners, statsPage } = loadBalancer;
  const wanted = [...listeners, ...(statsPage === null ? [] : [statsPage])];
  for (const { address, port } of wanted) {
    if (look.frontends.some((name) => overlaps(name, address, port))) continue;
    const code = await listenOnce(address, port);
    if (code === null) continue;
    const why = code === 'EADDRINUSE' ? 'something else listens there' : code;
    throw new PortError('Invalid', 'listenerUnavailable', `HAProxy cannot listen on ${address} port ${port}: ${why}`);
  }
}

/** Whether HAProxy's own frontend would be in the way of the trial. */
function overlaps(frontend: string, address: string, port: number): boolean {
  const colon = frontend.lastIndexOf(':');
  const taken = frontend.slice(0, colon).replace(/^stats-/, '');
  return Number(frontend.slice(colon + 1)) === port && (taken === address || isAny(taken) || isAny(address));
}

function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** The system's code for why not; null when it works. */
function listenOnce(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.on('error', (error) => resolve(errorCode(error) ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
