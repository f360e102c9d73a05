import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';

const HELLO = join(import.meta.dirname, '..', '..', 'examples', 'hello', 'server.js');

/** The hello server as a bare process. */
export function spawnHello(port: number): ChildProcess {
  return spawn(process.execPath, [HELLO], { env: { PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Waits until it says that it listens and then answers its health check: no polling that would take time from its boot. */
export async function untilHealthy(child: ChildProcess, port: number): Promise<void> {
  if (child.stdout === null) throw new Error('its output is needed');
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
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
