/**
 * What does a request cost in HAProxy as Drover configures it, beside an HAProxy that is tuned by hand and beside nginx? By the CPU time of
 * the proxy's processes, which depends less on what else the machine does than throughput; in short turns, and each turn compared with that of the
 * baseline in the same round, so that what the machine does meanwhile is the same for all.
 */

import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bench, median, type Scope, until } from './support/bench.ts';
import { runMs } from './support/proc.ts';
import { type RunningProxy, startDrovers, startHandTuned, startNginx } from './support/proxies.ts';
import { type Connections, sendRequests } from './support/raw-load.ts';
import { printTable } from './support/report.ts';

const SERVERS = 3;
const CLIENTS = 32;
const ROUNDS = 41;
const REQUESTS: Readonly<Record<Connections, number>> = { kept: 4_000, new: 1_500 };
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
  const each = (name: string, connections: Connections) => costs.get(`${name} ${connections}`) ?? [];
  const cells = (name: string, connections: Connections): readonly string[] => {
    const ones = each(name, connections);
    const to = (baseline: string): string => {
      const others = each(baseline, connections);
      return median(ones.map((one, round) => one / (others[round] ?? Number.NaN))).toFixed(2);
    };
    return [`${median(ones).toFixed(1)} µs`, to(BASELINE), to(SAME_PROMISES)];
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
  const usedMs = async () => (await Promise.all(pids.map(runMs))).reduce((sum, each) => sum + each, 0);
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
