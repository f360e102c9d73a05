/** Programs of the distribution that a test runs for itself: in a folder of their own, on loopback, ended by their pid. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { freePort, freePorts } from './free-ports.ts';

const START_TIMEOUT_MS = 40_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_EVERY_MS = 25;
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
  const port = await freePort();
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
  return start({ program: 'prometheus', words: [...words, '--log.level=warn'], folder }, url, () =>
    answers(`${url}/-/ready`),
  );
}

/** A Redis that keeps nothing on disk. */
export async function startRedis(): Promise<RealProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-redis-'));
  const port = await freePort();
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  return start({ program: 'redis-server', words, folder }, `redis://127.0.0.1:${port}`, () => accepts(port));
}

/** The user that a new RabbitMQ has, with its password. */
export const RABBITMQ_USER = 'guest:guest';

/** A RabbitMQ with its management plugin; `url` is that plugin's. */
export async function startRabbitMq(): Promise<RealProgram> {
  const [namesPort, port, managementPort, nodesPort] = (await freePorts(4)) as [number, number, number, number];
  const environment = { ERL_EPMD_PORT: `${namesPort}`, ERL_EPMD_ADDRESS: '127.0.0.1' };
  // Erlang would start this one by itself, as a daemon that stays.
  const names = await start(
    { program: 'epmd', words: [], folder: await mkdtemp(join(tmpdir(), 'drover-epmd-')), environment },
    '',
    () => accepts(namesPort),
  );
  try {
    const folder = await mkdtemp(join(tmpdir(), 'drover-rabbitmq-'));
    const inFolder = (name: string) => join(folder, name);
    await writeFile(
      inFolder('rabbitmq.conf'),
      `listeners.tcp.1 = 127.0.0.1:${port}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${managementPort}
`,
    );
    await writeFile(inFolder('enabled_plugins'), '[rabbitmq_management].');
    const url = `http://127.0.0.1:${managementPort}`;
    const rabbit = await start(
      {
        // Not the one on the PATH, which changes to the package's own user and folders.
        program: '/usr/lib/rabbitmq/bin/rabbitmq-server',
        words: [],
        folder,
        environment: {
          ...environment,
          HOME: folder,
          // Then the script becomes the server, whose pid is so the one that is known here.
          RUNNING_UNDER_SYSTEMD: 'true',
          RABBITMQ_NODENAME: 'drover@localhost',
          RABBITMQ_DIST_PORT: `${nodesPort}`,
          RABBITMQ_CONFIG_FILE: inFolder('rabbitmq'),
          RABBITMQ_ENABLED_PLUGINS_FILE: inFolder('enabled_plugins'),
          RABBITMQ_MNESIA_BASE: inFolder('data'),
          RABBITMQ_LOG_BASE: inFolder('log'),
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        },
      },
      url,
      () => answers(`${url}/api/overview`, RABBITMQ_USER),
    );
    const end = async () => {
      await rabbit.end();
      await names.end();
    };
    return { url, end };
  } catch (error) {
    await names.end();
    throw error;
  }
}

interface Command {
  readonly program: string;
  readonly words: readonly string[];
  /** Where it runs; removed when it has ended. */
  readonly folder: string;
  readonly environment?: NodeJS.ProcessEnv;
}

async function start(
  { program, words, folder, environment = {} }: Command,
  url: string,
  isReady: () => Promise<boolean>,
): Promise<RealProgram> {
  const child = spawn(program, words, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
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
      await pause(POLL_EVERY_MS);
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

async function answers(url: string, user?: string): Promise<boolean> {
  const headers = user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  const { statusCode, body } = await request(url, { headers });
  await body.dump();
  return statusCode === 200;
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
