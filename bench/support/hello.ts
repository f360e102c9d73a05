import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { PortAllocator } from '../../src/providers/process/ports.ts';
import { systemIds } from '../../src/system/ids.ts';

const HELLO = join(import.meta.dirname, '..', '..', 'examples', 'hello', 'server.js');

/** Below those that Linux gives to outgoing connections, which a load makes many of. */
const PORTS = { from: 20_000, to: 29_999 };
const allocator = new PortAllocator();

/** A port for a server: free, and given to nobody else in this process. */
export function reservePort(): Promise<number> {
  return allocator.reserve(systemIds.seed(), PORTS, new Set());
}

/**
 * The hello server as a bare process. In a session of its own, as the process provider starts it too: Linux divides the CPU
 * among sessions first, so that many servers in one would get less than as many in sessions of their own.
 */
export function spawnHello(port: number): ChildProcess {
  const env = { PORT: String(port) };
  return spawn(process.execPath, [HELLO], { env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Waits until it says that it listens and then answers its health check: no polling that would take time from its boot. */
export async function untilHealthy(child: ChildProcess, port: number): Promise<void> {
  if (child.stdout === null) throw new Error('its output is needed');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server on port ${port} has ended with ${code}`);
  });
  // It ends some time later too, when nobody asks any more.
  ended.catch(() => undefined);
  await Promise.race([once(child.stdout, 'data'), ended]);
  const [response] = await once(get({ host: '127.0.0.1', port, path: '/health', agent: false }), 'response');
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) throw new Error(`port ${port} answers ${response.statusCode}`);
}

export async function endHello(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
