/** Programs of the distribution that a test runs for itself: in a folder of their own, on loopback, ended by their pid. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { freePorts } from './fleet.ts';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 25;
const MAX_OUTPUT_CHARS = 5_000;

export interface RealProgram {
  /** Where it answers. */
  readonly url: string;
  /** Ends it and removes its folder. */
  readonly end: () => Promise<void>;
}

/** A Prometheus that looks at one exporter every second. */
export async function startPrometheus(exporterPort: number): Promise<RealProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-prometheus-'));
  const [port] = (await freePorts(1)) as [number];
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: haproxy
    static_configs: [{ targets: ["127.0.0.1:${exporterPort}"] }]
`,
  );
  const url = `http://127.0.0.1:${port}`;
  const words = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`];
  return start('prometheus', [...words, '--log.level=warn'], folder, url, async () => {
    const { statusCode, body } = await request(`${url}/-/ready`);
    await body.dump();
    return statusCode === 200;
  });
}

/** A Redis that keeps nothing on disk. */
export async function startRedis(): Promise<RealProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-redis-'));
  const [port] = (await freePorts(1)) as [number];
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  return start('redis-server', words, folder, `redis://127.0.0.1:${port}`, () => accepts(port));
}

async function start(
  program: string,
  words: readonly string[],
  folder: string,
  url: string,
  isReady: () => Promise<boolean>,
): Promise<RealProgram> {
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARS);
    });
  }
  const end = async () => {
    await endChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await once(child, 'spawn');
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await isReady().catch(() => false))) {
      if (hasEnded(child) || Date.now() > deadline) throw new Error(`${program} does not answer:\n${output}`);
      await pause(LOOK_EVERY_MS);
    }
  } catch (error) {
    await end();
    throw error;
  }
  return { url, end };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exit;
  clearTimeout(kill);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
