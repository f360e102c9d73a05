/**
 * How long do 18 more servers take, and 18 fewer? Desired capacity 2 -> 20 -> 2 with the hello server, beside the bare time
 * to start as many processes and find them healthy, and to end them, without Drover and HAProxy.
 */

import type { ActivityReason } from '../src/model/activity.ts';
import { RealFleet } from '../test/support/fleet.ts';
import { bench, median, type Scope, until } from './support/bench.ts';
import { endHello, reservePort, spawnHello, untilHealthy } from './support/hello.ts';
import { printTable, ratio, seconds } from './support/report.ts';

const SMALL = 2;
const LARGE = 20;
const ROUNDS = 3;
const SETTLE_TIMEOUT_MS = 60_000;
const POLL_MS = 200;
const LIMIT_MS = 180_000;

interface Round {
  /** From the change of the desired capacity until the last one was in service. */
  readonly outMs: number;
  /** ... until the last one was drained, and until nothing of it was left. */
  readonly drainedMs: number;
  readonly inMs: number;
}

type BareRound = Omit<Round, 'drainedMs'>;

await bench('Scaling', LIMIT_MS, async (scope) => {
  const fleet = await RealFleet.create({ desiredCapacity: SMALL, maxSize: LARGE });
  scope.atEnd(() => fleet.end());
  await fleet.start();
  await fleet.settle(SMALL);
  const rounds: Round[] = [];
  const bare: BareRound[] = [];
  for (let count = 1; count <= ROUNDS; count += 1) {
    bare.push(await bareProcesses(scope));
    rounds.push(await withDrover(fleet));
    console.log(
      `${count} of ${ROUNDS}: ${seconds(rounds.at(-1)?.outMs ?? 0)} up, ${seconds(rounds.at(-1)?.inMs ?? 0)} down`,
    );
  }
  const row = (title: string, droverMs: number, bareMs?: number) => [
    title,
    seconds(droverMs),
    bareMs === undefined ? '' : seconds(bareMs),
    bareMs === undefined ? '' : ratio(droverMs / bareMs),
  ];
  const [up, bareUp] = [median(rounds.map(({ outMs }) => outMs)), median(bare.map(({ outMs }) => outMs))];
  console.log(`\nMedians of ${ROUNDS} rounds:\n`);
  printTable([
    ['', 'Drover', 'bare processes', 'ratio'],
    row(`${SMALL} -> ${LARGE}: all in service`, up, bareUp),
    row(`${LARGE} -> ${SMALL}: all drained`, median(rounds.map(({ drainedMs }) => drainedMs))),
    row(`${LARGE} -> ${SMALL}: all gone`, median(rounds.map(({ inMs }) => inMs)), median(bare.map(({ inMs }) => inMs))),
  ]);
  return true;
});

async function withDrover(fleet: RealFleet): Promise<Round> {
  const out = await resize(fleet, LARGE);
  const down = await resize(fleet, SMALL);
  return { outMs: out.lastMs('inService'), drainedMs: down.lastMs('drained'), inMs: down.lastMs('terminated') };
}

/** @returns when the last activity of a kind was, counted from the change */
async function resize(fleet: RealFleet, size: number): Promise<{ lastMs: (reason: ActivityReason) => number }> {
  const afterSequence = (await fleet.activities()).at(-1)?.sequence ?? 0;
  const changedAt = Date.now();
  await fleet.client.setDesiredCapacity('hello', size);
  const settled = async () => {
    const instances = await fleet.instances();
    return instances.length === size && instances.every(({ state }) => state === 'inService');
  };
  await until(`${size} are in service`, SETTLE_TIMEOUT_MS, settled, POLL_MS);
  const activities = await fleet.client.activities({ afterSequence, limit: 1_000 });
  const ofKind = (reason: ActivityReason) => activities.filter((one) => one.reason === reason).map(({ at }) => at);
  return {
    lastMs: (reason) => {
      const times = ofKind(reason);
      if (times.length !== LARGE - SMALL) throw new Error(`${times.length} activities ${reason}`);
      return Math.max(...times) - changedAt;
    },
  };
}

/** As many servers as the group gets more, all at once, as the process provider starts them too, and nothing else. */
async function bareProcesses(scope: Scope): Promise<BareRound> {
  const ports = await Promise.all(Array.from({ length: LARGE - SMALL }, reservePort));
  const begun = Date.now();
  const servers = ports.map((port) => {
    const child = spawnHello(port);
    scope.atEnd(() => endHello(child));
    return { child, port };
  });
  await Promise.all(servers.map(({ child, port }) => untilHealthy(child, port)));
  const outMs = Date.now() - begun;
  const ending = Date.now();
  await Promise.all(servers.map(({ child }) => endHello(child, 'SIGTERM')));
  return { outMs, inMs: Date.now() - ending };
}
