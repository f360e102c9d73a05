import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseFleet } from '../../src/fleet/file/load.ts';
import { createHaproxy } from '../../src/haproxy/driver.ts';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import type { ConnectionReuse } from '../../src/model/fleet.ts';
import { providerTypes } from '../../src/providers/registry.ts';
import { systemClock } from '../../src/system/clock.ts';
import { freePort } from '../../test/support/free-ports.ts';
import { processesWith } from '../../test/support/processes.ts';
import type { Scope } from './bench.ts';

const STOP_TIMEOUT_MS = 10_000;

/** A proxy that runs, with one thread, before the same servers. */
export interface RunningProxy {
  readonly name: string;
  readonly port: number;
  /** All of its processes. */
  readonly pids: () => Promise<readonly number[]>;
}

interface Plan {
  readonly name: string;
  readonly folder: string;
  readonly serverPorts: readonly number[];
  readonly scope: Scope;
}

/** HAProxy as Drover configures it for a fleet file that says nothing but the necessary, and one thread. */
export async function startDrovers(plan: Plan, reuse: ConnectionReuse): Promise<RunningProxy> {
  const port = await freePort();
  const dataDir = join(plan.folder, plan.name.replaceAll(/\W+/g, '-'));
  const parsed = parseFleet({
    path: '/bench/fleet.yaml',
    providers: providerTypes,
    sources: metricSourceTypes,
    text: `fleet: bench
loadBalancers: { lb: { listeners: [{ port: ${port}, targetGroup: web }], threads: 1 } }
targetGroups: { web: { healthCheck: { interval: 10s }, connectionReuse: ${reuse} } }
autoScalingGroups: { web: { minSize: 1, maxSize: 10, launchTemplate: { provider: process, command: [serve] } } }
`,
  });
  const loadBalancer = parsed.ok ? parsed.fleet.loadBalancers[0] : undefined;
  if (!parsed.ok || loadBalancer === undefined) throw new Error('the fleet file is not valid');
  const driver = createHaproxy({ dataDir, clock: systemClock });
  plan.scope.atEnd(async () => {
    await driver.stop(AbortSignal.timeout(STOP_TIMEOUT_MS));
    await driver.close();
  });
  const members = plan.serverPorts.map((serverPort) => ({
    targetGroup: 'web',
    instanceId: `i-${serverPort}`,
    endpoint: { address: '127.0.0.1', port: serverPort },
    checkPort: null,
    weight: 100,
    state: 'ready' as const,
    proven: true,
  }));
  const { targetGroups } = parsed.fleet;
  await driver.apply({ loadBalancer, targetGroups, members }, () => Promise.resolve(), plan.scope.signal);
  return { name: plan.name, port, pids: () => pidsOf(dataDir) };
}

/** A head of 20 KiB is taken, as Drover takes it. */
const LARGE_HEADS = `
  tune.bufsize 23552
  tune.maxrewrite 1024`;
/** No connection that another client has used is trusted with a first request, and what finds its server dead is repeated. */
const PROMISES = `  http-reuse safe
  retries 5
  option redispatch 1
  retry-on conn-failure empty-response`;
const NO_PROMISES = `  http-reuse always
  option redispatch`;

/**
 * What an administrator writes who knows HAProxy and this load, without what makes membership change at run time.
 * @param keepsPromises whether it loses no request either when a server closes or dies, or a head is large
 */
export async function startHandTuned(plan: Plan, keepsPromises: boolean): Promise<RunningProxy> {
  const port = await freePort();
  const config = `global
  maxconn 4000
  nbthread 1${keepsPromises ? LARGE_HEADS : ''}
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 10s
  timeout http-request 10s
  timeout client-fin 10s
  option forwardfor
${keepsPromises ? PROMISES : NO_PROMISES}
frontend web
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-Proto http
  default_backend web
backend web
  balance roundrobin
  option httpchk GET /
  default-server check inter 10s
${plan.serverPorts.map((serverPort) => `  server s${serverPort} 127.0.0.1:${serverPort}`).join('\n')}
`;
  return start(plan, port, 'haproxy.cfg', config, (file) => ['haproxy', '-W', '-f', file]);
}

/** Debian's nginx with a pool of kept connections to the servers. */
export async function startNginx(plan: Plan): Promise<RunningProxy> {
  const port = await freePort();
  const config = `daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 4096; }
http {
  client_body_temp_path temp-body;
  proxy_temp_path temp-proxy;
  fastcgi_temp_path temp-fastcgi;
  uwsgi_temp_path temp-uwsgi;
  scgi_temp_path temp-scgi;
  access_log off;
  keepalive_requests 1000000;
  upstream web {
${plan.serverPorts.map((serverPort) => `    server 127.0.0.1:${serverPort};`).join('\n')}
    keepalive 64;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto http;
    }
  }
}
`;
  return start(plan, port, 'nginx.conf', config, (file) => ['nginx', '-p', plan.folder, '-c', file]);
}

async function start(
  { name, folder, scope }: Plan,
  port: number,
  fileName: string,
  config: string,
  commandFor: (file: string) => readonly string[],
): Promise<RunningProxy> {
  const own = join(folder, name.replaceAll(/\W+/g, '-'));
  await mkdir(own, { recursive: true });
  const file = join(own, fileName);
  await writeFile(file, config);
  const [program = '', ...args] = commandFor(file);
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
  });
  scope.atEnd(() => end(child));
  return { name, port, pids: () => withChildren(child.pid ?? 0) };
}

async function withChildren(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

async function pidsOf(folder: string): Promise<readonly number[]> {
  return (await processesWith(folder)).map(({ pid }) => pid);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
