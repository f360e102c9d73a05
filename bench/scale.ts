/**
 * How does the controller's cost grow with the number of targets? Launch of all, at rest, while a tenth of the servers is replaced, and
 * drain of all; with the real controller, a real HAProxy and simulated machines.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { decide } from '../src/decide/decide.ts';
import { createHaproxy } from '../src/haproxy/driver.ts';
import { systemClock } from '../src/system/clock.ts';
import { NOW, type Server, snapshotOf } from '../test/support/snapshot.ts';
import { bench, median, type Scope } from './support/bench.ts';
import { exponent } from './support/growth.ts';
import { cpuMs, memoryMb, transferredMb } from './support/proc.ts';
import { printTable, seconds, whole } from './support/report.ts';
import { SimulatedFleet } from './support/simulated-fleet.ts';

const SIZES = [100, 1_000, 5_000, 10_000];
/** More targets than that are several groups. */
const MAX_IN_GROUP = 5_000;
const SEVERAL = 5;
const REPLACED_SHARE = 0.1;
const PHASE_TIMEOUT_MS = 180_000;
const CALM_DOWN_MS = 12_000;
const REST_MS = 20_000;
const LIMIT_MS = 600_000;
const OBSERVATIONS = 8;
const DECISIONS = 20;

/** What one phase took of the controller. */
interface Phase {
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly blockMs: number;
  readonly blockCpuMs: number;
  readonly commits: number;
  readonly writtenMb: number;
  readonly readMb: number;
  readonly peakMb: number;
}

interface Result {
  readonly targets: number;
  readonly groups: number;
  readonly launch: Phase;
  readonly rest: Phase;
  readonly replace: Phase;
  readonly drain: Phase;
  readonly restMb: number;
  /** CPU time of one, in the benchmark's own process. */
  readonly observationMs: number;
  readonly decisionMs: number;
  /** One at which all of a group's servers have news. */
  readonly busyDecisionMs: number;
}

await bench('Scale', LIMIT_MS, async (scope) => {
  const sizes = process.argv.slice(2).map(Number);
  const results: Result[] = [];
  for (const targets of sizes.length > 0 ? sizes : SIZES) {
    await using own = new AsyncDisposableStack();
    scope.atEnd(() => own.disposeAsync());
    const inner: Scope = { signal: scope.signal, atEnd: (end) => own.defer(async () => void (await end())) };
    results.push(await measure(targets, inner));
  }
  console.log();
  printTable(tableOf(results));
  return true;
});

async function measure(targets: number, scope: Scope): Promise<Result> {
  const groups = targets > MAX_IN_GROUP ? SEVERAL : 1;
  const fleet = await SimulatedFleet.startEmpty({ targets, groups, checks: 'seldom' }, scope);
  const settles = async (size: number) => fleet.settle(size, PHASE_TIMEOUT_MS);
  const launch = await phase(fleet, async () => {
    await fleet.resize(targets);
    await settles(targets);
  });
  tell(targets, 'launch', launch);
  await delay(CALM_DOWN_MS);
  const observationMs = await observation(fleet, scope);
  // Without the watch, which takes CPU itself; then with it, for the blocks.
  const calm = await phase(fleet, () => delay(REST_MS), false);
  const watched = await phase(fleet, () => delay(REST_MS));
  const rest = { ...calm, blockMs: watched.blockMs, blockCpuMs: watched.blockCpuMs };
  const restMb = (await memoryMb(fleet.pid)).now;
  tell(targets, 'rest', rest);
  const replace = await phase(fleet, async () => {
    fleet.stopMachines(REPLACED_SHARE);
    await delay(1_000);
    await settles(targets);
  });
  tell(targets, 'replace', replace);
  const drain = await phase(fleet, async () => {
    await fleet.resize(0);
    await settles(0);
  });
  tell(targets, 'drain', drain);
  const inGroup = targets / groups;
  const decisionMs = decision(inGroup, {});
  const busyDecisionMs = decision(inGroup, { state: { name: 'booting', since: NOW - 1_000 } });
  return { targets, groups, launch, rest, replace, drain, restMb, observationMs, decisionMs, busyDecisionMs };
}

async function phase(fleet: SimulatedFleet, run: () => Promise<unknown>, watchesBlocks = true): Promise<Phase> {
  fleet.begin(watchesBlocks);
  const startedAt = performance.now();
  const before = { cpuMs: await cpuMs(fleet.pid), transferred: await transferredMb(fleet.pid) };
  await run();
  const tookMs = performance.now() - startedAt;
  const { read, written } = await transferredMb(fleet.pid);
  return {
    tookMs,
    cpuMs: (await cpuMs(fleet.pid)) - before.cpuMs,
    ...(await fleet.read()),
    writtenMb: written - before.transferred.written,
    readMb: read - before.transferred.read,
    peakMb: (await memoryMb(fleet.pid)).peak,
  };
}

/** By a second driver on the same HAProxy, which changes nothing. */
async function observation(fleet: SimulatedFleet, scope: Scope): Promise<number> {
  const driver = createHaproxy({ dataDir: fleet.haproxyDir, clock: systemClock });
  const took: number[] = [];
  for (let count = 0; count < OBSERVATIONS; count += 1) {
    const before = process.cpuUsage();
    await driver.observe(scope.signal);
    took.push(cpuSince(before));
    await delay(1_000);
  }
  await driver.close();
  return median(took);
}

function decision(targets: number, server: Partial<Server>): number {
  const ids = Array.from({ length: targets }, (_, index) => `i-${index}`);
  const servers = ids.map((id): Server => ({ id, ...server }));
  const snapshot = snapshotOf(servers, { group: { desiredCapacity: targets, maxSize: targets } });
  const took = Array.from({ length: DECISIONS }, () => {
    const before = process.cpuUsage();
    decide(snapshot, NOW);
    return cpuSince(before);
  });
  return median(took);
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function tell(targets: number, what: string, { tookMs, cpuMs: cpu, blockMs, blockCpuMs, commits, ...io }: Phase): void {
  console.log(
    `${whole(targets)} targets, ${what}: ${seconds(tookMs)}, CPU ${seconds(cpu)}, block ${seconds(blockMs)} (CPU ${seconds(blockCpuMs)}), ` +
      `${commits} commits, ${megabytes(io.writtenMb)} written, ${megabytes(io.readMb)} read, peak ${megabytes(io.peakMb)}`,
  );
}

function megabytes(value: number): string {
  return `${value < 10 ? value.toFixed(1) : whole(value)} MB`;
}

function tableOf(results: readonly Result[]): readonly (readonly string[])[] {
  const row = (title: string, of: (result: Result) => number, text: (value: number) => string) => {
    const growth = exponent(results.map((result) => [result.targets, of(result)]));
    return [title, ...results.map((result) => text(of(result))), growth === null ? '' : growth.toFixed(2)];
  };
  const percent = (value: number) => `${value.toFixed(1)} %`;
  const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  const ofPhase = (name: string, of: (result: Result) => Phase) => [
    row(`${name}: time`, (result) => of(result).tookMs, seconds),
    row('  CPU', (result) => of(result).cpuMs, seconds),
    row('  longest block', (result) => of(result).blockMs, milliseconds),
    row('    of it CPU', (result) => of(result).blockCpuMs, milliseconds),
    row('  commits', (result) => of(result).commits, whole),
    row('  written', (result) => of(result).writtenMb, megabytes),
    row('  memory, at most', (result) => of(result).peakMb, megabytes),
  ];
  const perSecond = (value: number) => `${megabytes(value)}/s`;
  return [
    ['targets', ...results.map(({ targets }) => whole(targets)), 'exponent'],
    row('groups', ({ groups }) => groups, whole),
    row('an observation', ({ observationMs }) => observationMs, milliseconds),
    row('a decision, nothing new', ({ decisionMs }) => decisionMs, milliseconds),
    row('a decision, all in service', ({ busyDecisionMs }) => busyDecisionMs, milliseconds),
    row('at rest: CPU, of one core', ({ rest }) => (100 * rest.cpuMs) / rest.tookMs, percent),
    row('  longest block', ({ rest }) => rest.blockMs, milliseconds),
    row('    of it CPU', ({ rest }) => rest.blockCpuMs, milliseconds),
    row('  memory', ({ restMb }) => restMb, megabytes),
    row('  read', ({ rest }) => (rest.readMb * 1_000) / rest.tookMs, perSecond),
    row('  written', ({ rest }) => (rest.writtenMb * 1_000) / rest.tookMs, perSecond),
    ...ofPhase('launch of all', ({ launch }) => launch),
    ...ofPhase('a tenth replaced', ({ replace }) => replace),
    ...ofPhase('drain of all', ({ drain }) => drain),
  ];
}
