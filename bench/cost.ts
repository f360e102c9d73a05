/**
 * What does the controller cost while nothing happens? CPU and memory at rest with 3, 100 and 1,000 targets, which are
 * simulated: real health checks by a real HAProxy, but one process that answers on all addresses.
 */

import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { bench, type Scope } from './support/bench.ts';
import { cpuMs, residentMb } from './support/proc.ts';
import { printTable, ratio, whole } from './support/report.ts';
import { SimulatedFleet } from './support/simulated-fleet.ts';

const SIZES = [3, 100, 1_000];
const CALM_DOWN_MS = 5_000;
const MEASURE_MS = 20_000;
const LIMIT_MS = 300_000;

interface Cost {
  readonly targets: number;
  /** Percent of one core. */
  readonly cpuPercent: number;
  readonly haproxyPercent: number;
  readonly residentMb: number;
}

await bench('Cost at rest', LIMIT_MS, async (scope) => {
  const bareMb = await bareNodeMb(scope);
  const costs: Cost[] = [];
  for (const size of SIZES) {
    await using own = new AsyncDisposableStack();
    scope.atEnd(() => own.disposeAsync());
    const cost = await measure(size, {
      signal: scope.signal,
      atEnd: (end) => own.defer(async () => void (await end())),
    });
    console.log(`${whole(size)} targets: ${percent(cost.cpuPercent)} of a core, ${whole(cost.residentMb)} MB`);
    costs.push(cost);
  }
  const [least] = costs;
  if (least === undefined) return false;
  const columns = (title: string, cell: (cost: Cost) => string) => [title, ...costs.map(cell)];
  console.log(`\nOver ${MEASURE_MS / 1_000} s each; the bare Node.js process has ${whole(bareMb)} MB:\n`);
  printTable([
    columns('targets', ({ targets }) => whole(targets)),
    columns('controller: CPU, of one core', ({ cpuPercent }) => percent(cpuPercent)),
    columns(`  to that with ${least.targets}`, ({ cpuPercent }) => ratio(cpuPercent / least.cpuPercent)),
    columns('  for each observation, one a second', ({ cpuPercent }) => `${(cpuPercent * 10).toFixed(0)} ms`),
    columns('controller: memory', ({ residentMb }) => `${whole(residentMb)} MB`),
    columns('  to a bare Node.js process', ({ residentMb }) => ratio(residentMb / bareMb)),
    columns('HAProxy: CPU, of one core', ({ haproxyPercent }) => percent(haproxyPercent)),
  ]);
  return true;
});

async function measure(targets: number, scope: Scope): Promise<Cost> {
  const fleet = await SimulatedFleet.start(targets, scope);
  await delay(CALM_DOWN_MS);
  const haproxyPids = await fleet.haproxyPids();
  const haproxyMs = async () => (await Promise.all(haproxyPids.map(cpuMs))).reduce((sum, each) => sum + each, 0);
  const before = { at: performance.now(), own: await cpuMs(fleet.pid), haproxy: await haproxyMs() };
  await delay(MEASURE_MS);
  const tookMs = performance.now() - before.at;
  return {
    targets,
    cpuPercent: (100 * ((await cpuMs(fleet.pid)) - before.own)) / tookMs,
    haproxyPercent: (100 * ((await haproxyMs()) - before.haproxy)) / tookMs,
    residentMb: await residentMb(fleet.pid),
  };
}

async function bareNodeMb(scope: Scope): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], { stdio: 'ignore' });
  scope.atEnd(async () => child.kill('SIGKILL'));
  await delay(1_000);
  return residentMb(child.pid ?? 0);
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}
