/**
 * What does a request cost in HAProxy as Drover configures it, beside an HAProxy that is tuned by hand and beside nginx? By the CPU time of
 * the proxy's processes, which depends less on what else the machine does than throughput; in turn, so that it is the same for all.
 */

import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bench, median, type Scope, until } from './support/bench.ts';
import { cpuMs } from './support/proc.ts';
import { type RunningProxy, startDrovers, startHandTuned, startNginx } from './support/proxies.ts';
import { type Connections, sendRequests } from './support/raw-load.ts';
import { printTable } from './support/report.ts';

const SERVERS = 3;
const CLIENTS = 32;
const ROUNDS = 7;
const REQUESTS: Readonly<Record<Connections, number>> = { kept: 20_000, new: 8_000 };
const START_TIMEOUT_MS = 20_000;
const LIMIT_MS = 600_000;
const BASELINE = 'HAProxy by hand';
const SAME_PROMISES = 'HAProxy by hand, same promises';

await bench('CPU for a request', LIMIT_MS, async (scope) => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-bench-'));
  scope.atEnd(() => rm(folder, { recursive: true, force: true }));
  const serverPorts = await Promise.all(Array.from({ length: SERVERS }, () => startServer(scope)));
  const plan = (name: string) => ({ name, folder, serverPorts, scope });
  const proxies = [
    await startDrovers(plan('Drover'), 'safe'),
    await startDrovers(plan('Drover, connectionReuse: always'), 'always'),
    await startHandTuned(plan(BASELINE), false),
    await startHandTuned(plan(SAME_PROMISES), true),
    ...(hasNginx() ? [await startNginx(plan('nginx'))] : []),
  ];
  if (proxies.length < 5) console.log('nginx is missing: sudo apt-get install -y --no-install-recommends nginx-light');
  for (const { name, port } of proxies) {
    await until(`${name} answers`, START_TIMEOUT_MS, () => isAnswering(port, scope.signal));
  }
  const costs = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const connections of ['kept', 'new'] as const) {
      for (const [index] of proxies.entries()) {
        const proxy = proxies[(index + round) % proxies.length];
        if (proxy === undefined) continue;
        const key = `${proxy.name} ${connections}`;
        costs.set(key, [...(costs.get(key) ?? []), await microsecondsEach(proxy, connections, scope.signal)]);
      }
    }
  }
  const cost = (name: string, connections: Connections): number => median(costs.get(`${name} ${connections}`) ?? []);
  const cells = (name: string, connections: Connections): readonly string[] => {
    const one = cost(name, connections);
    const to = (baseline: string) => (one / cost(baseline, connections)).toFixed(2);
    return [`${one.toFixed(1)} µs`, to(BASELINE), to(SAME_PROMISES)];
  };
  console.log(
    `\nMedians of ${ROUNDS} rounds, one thread each, ${SERVERS} servers, ${CLIENTS} clients at a time; load average ${loadavg()[0]?.toFixed(0)}:\n`,
  );
  printTable([
    ['', 'kept', 'to by hand', 'same promises', 'new', 'to by hand', 'same promises'],
    ...proxies.map(({ name }) => [name, ...cells(name, 'kept'), ...cells(name, 'new')]),
  ]);
  return true;
});

async function microsecondsEach(proxy: RunningProxy, connections: Connections, signal: AbortSignal): Promise<number> {
  const pids = await proxy.pids();
  const usedMs = async () => (await Promise.all(pids.map(cpuMs))).reduce((sum, each) => sum + each, 0);
  const before = await usedMs();
  await sendRequests(proxy.port, connections, CLIENTS, REQUESTS[connections], signal);
  return (((await usedMs()) - before) * 1_000) / REQUESTS[connections];
}

async function isAnswering(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sendRequests(port, 'new', 1, 1, signal);
    return true;
  } catch {
    return false;
  }
}

function hasNginx(): boolean {
  return spawnSync('nginx', ['-v'], { env: { PATH: `${process.env.PATH}:/usr/sbin` } }).error === undefined;
}

async function startServer(scope: Scope): Promise<number> {
  const child = fork(join(import.meta.dirname, 'processes', 'raw-server.ts'));
  scope.atEnd(async () => {
    if (child.connected) child.disconnect();
    if (child.exitCode === null) await once(child, 'exit');
  });
  const [port] = (await once(child, 'message')) as [number];
  return port;
}
