import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { until } from './bench.ts';

export const HELLO = join(import.meta.dirname, '..', '..', 'examples', 'hello', 'server.js');
const BOOT_TIMEOUT_MS = 30_000;

/** The hello server as a bare process. */
export function spawnHello(port: number): ChildProcess {
  return spawn(process.execPath, [HELLO], { env: { PORT: String(port) }, stdio: 'ignore' });
}

/** Waits until it answers its health check. */
export async function untilHealthy(port: number, pollMs: number): Promise<void> {
  await until(`port ${port} is healthy`, BOOT_TIMEOUT_MS, () => isHealthy(port), pollMs);
}

export async function endHello(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, path: '/health', agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200));
    });
    call.on('error', () => resolve(false));
  });
}
