/**
 * How soon is a killed server replaced? SIGKILL of one of three under load, first with Drover, then with a shell loop in its
 * place: until the last failed or retried request, and until the replacement answers requests.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseFleet } from '../src/fleet/file/load.ts';
import type { Fleet } from '../src/model/fleet.ts';
import { providerTypes } from '../src/providers/registry.ts';
import { RealFleet } from '../test/support/fleet.ts';
import { bench, median, type Scope, until } from './support/bench.ts';
import { readStat, type Stat } from './support/haproxy.ts';
import { endHello, reservePort, spawnHello, untilHealthy } from './support/hello.ts';
import { Load } from './support/load.ts';
import { printTable, ratio, seconds } from './support/report.ts';
import { StaticFleet } from './support/static-fleet.ts';

const SERVERS = 3;
const ROUNDS = 5;
const OBSERVE_EVERY_MS = 20;
const HEALED_TIMEOUT_MS = 40_000;
/** After the replacement: requests that still fail belong to the round. */
const AFTERMATH_MS = 1_000;
const LIMIT_MS = 240_000;
const TARGET_RATIO = 10;
const TARGET_BEYOND_MS = 1_000;

/** All times count from the SIGKILL. */
interface Round {
  /** Until HAProxy gave the server no more requests, by itself or because Drover said so. */
  readonly outMs: number;
  /** Until the last request that failed or that HAProxy had to try again; 0 when there was none. */
  readonly lastTroubleMs: number;
  readonly failed: number;
  readonly retried: number;
  /** Until the replacement had answered a request. */
  readonly inServiceMs: number;
}

await bench('Healing', LIMIT_MS, async (scope) => {
  const real = await RealFleet.create({ desiredCapacity: SERVERS });
  scope.atEnd(() => real.end());
  const { rounds, bootsMs } = await withDrover(real, scope);
  const baseline = await withShellLoop(real, await fleetOf(real), scope);

  const of = (all: readonly Round[], figure: (round: Round) => number) => median(all.map(figure));
  const row = (title: string, figure: (round: Round) => number) => {
    const [drover, shellLoop] = [of(rounds, figure), of(baseline, figure)];
    return [title, seconds(drover), seconds(shellLoop), ratio(shellLoop / drover)];
  };
  const sum = (all: readonly Round[], figure: (round: Round) => number) =>
    String(all.reduce((total, round) => total + figure(round), 0));
  console.log(`\nMedians of ${ROUNDS} rounds each, from SIGKILL:\n`);
  printTable([
    ['', 'Drover', 'shell loop', 'sooner'],
    row('no more requests to it', ({ outMs }) => outMs),
    ['last failed or retried request, worst', worst(rounds), worst(baseline), ''],
    row('replacement answers requests', ({ inServiceMs }) => inServiceMs),
    ['failed requests, all rounds', sum(rounds, ({ failed }) => failed), sum(baseline, ({ failed }) => failed), ''],
    [
      'retried by HAProxy, all rounds',
      sum(rounds, ({ retried }) => retried),
      sum(baseline, ({ retried }) => retried),
      '',
    ],
  ]);
  const healed = of(rounds, ({ inServiceMs }) => inServiceMs);
  const detection = of(baseline, ({ outMs }) => outMs);
  const boot = median(bootsMs);
  const beyond = healed - detection - boot;
  const sooner = of(baseline, ({ inServiceMs }) => inServiceMs) / healed;
  console.log(`
HAProxy's own detection takes ${seconds(detection)}, the server's boot ${seconds(boot)}.
In service ${seconds(beyond)} beyond those two (target: less than ${seconds(TARGET_BEYOND_MS)}): ${verdict(beyond < TARGET_BEYOND_MS)}.
${ratio(sooner)} sooner than the shell loop (target: at least ${TARGET_RATIO} x): ${verdict(sooner >= TARGET_RATIO)}.`);
  return true;
});

async function withDrover(
  fleet: RealFleet,
  scope: Scope,
): Promise<{ rounds: readonly Round[]; bootsMs: readonly number[] }> {
  await fleet.start();
  await fleet.settle(SERVERS);
  const load = loadOn(fleet.port, scope);
  const rounds: Round[] = [];
  const bootsMs: number[] = [];
  for (let count = 1; count <= ROUNDS; count += 1) {
    const [victim] = await fleet.settle(SERVERS);
    if (victim === undefined) throw new Error('there is no server to kill');
    bootsMs.push(await boot(scope));
    const pid = await fleet.pidOf(victim.id);
    const round = await kill(pid, victim.id, join(fleet.dataDir, 'haproxy', 'web', 'runtime.sock'), load, scope);
    tell('Drover', count, round);
    rounds.push(round);
  }
  await load.stop();
  return { rounds, bootsMs };
}

async function withShellLoop({ folder }: RealFleet, fleet: Fleet, scope: Scope): Promise<readonly Round[]> {
  const baseline = await StaticFleet.start(fleet, SERVERS, folder, scope);
  let sleeping = baseline.nextSleep();
  const load = loadOn(baseline.port, scope);
  const rounds: Round[] = [];
  for (let count = 1; count <= ROUNDS; count += 1) {
    // Spread evenly over the loop's sleep, so that the median is that of any moment.
    const killAt = (await sleeping) + ((count - 0.5) / ROUNDS) * baseline.pollEveryMs;
    await delay(Math.max(0, killAt - Date.now()));
    const [name, pid] = [...baseline.pids][count % SERVERS] ?? ['', 0];
    if (pid === 0) throw new Error('there is no server to kill');
    sleeping = baseline.nextSleep();
    const round = await kill(pid, name, baseline.socketPath, load, scope);
    tell('shell loop', count, round);
    rounds.push(round);
  }
  await load.stop();
  return rounds;
}

function loadOn(port: number, scope: Scope): Load {
  const url = `http://127.0.0.1:${port}`;
  const clients = { url, clients: 8, everyMs: 25 };
  return new Load(
    [
      { ...clients, newConnections: false },
      { ...clients, newConnections: true },
    ],
    scope,
  );
}

/** Kills a server and watches until another one, or itself again, answers in its place. */
async function kill(pid: number, victim: string, socketPath: string, load: Load, scope: Scope): Promise<Round> {
  const observed = () => readStat(socketPath, 'hello', scope.signal);
  const before = await observed();
  const failedBefore = load.failed;
  let retried = before.retries;
  let [outAt, lastRetryAt, answersWhenOut] = [0, 0, 0];
  const killedAt = Date.now();
  process.kill(pid, 'SIGKILL');

  const note = (stat: Stat): boolean => {
    if (stat.retries > retried) lastRetryAt = stat.at;
    retried = stat.retries;
    const { status = '', answers = 0 } = stat.servers.get(victim) ?? {};
    if (!status.startsWith('UP') && outAt === 0) [outAt, answersWhenOut] = [stat.at, answers];
    if (outAt !== 0 && status.startsWith('UP') && answers > answersWhenOut) return true;
    return [...stat.servers].some(([name, { answers }]) => !before.servers.has(name) && answers > 0);
  };
  const healedAt = await until(
    'another server answers',
    HEALED_TIMEOUT_MS,
    async () => {
      const stat = await observed();
      return note(stat) && stat.at;
    },
    OBSERVE_EVERY_MS,
  );
  await until(
    'it is over',
    2 * AFTERMATH_MS,
    async () => {
      note(await observed());
      return Date.now() - healedAt > AFTERMATH_MS;
    },
    OBSERVE_EVERY_MS,
  );

  const lastFailureAt = Math.max(0, ...load.failures.map(({ at }) => at).filter((at) => at >= killedAt));
  return {
    outMs: outAt - killedAt,
    lastTroubleMs: Math.max(0, Math.max(lastRetryAt, lastFailureAt) - killedAt),
    failed: load.failed - failedBefore,
    retried: retried - before.retries,
    inServiceMs: healedAt - killedAt,
  };
}

/** From the start of a bare server to its first good answer, beside the load. */
async function boot(scope: Scope): Promise<number> {
  const port = await reservePort();
  const begun = Date.now();
  const child = spawnHello(port);
  scope.atEnd(() => endHello(child));
  await untilHealthy(child, port);
  const tookMs = Date.now() - begun;
  await endHello(child);
  return tookMs;
}

async function fleetOf({ fleetFile }: RealFleet): Promise<Fleet> {
  const text = await readFile(fleetFile);
  const loaded = parseFleet({ text, path: fleetFile, providers: providerTypes, sources: new Map() });
  if (!loaded.ok) throw new Error('the fleet file is not valid');
  return loaded.fleet;
}

function tell(who: string, count: number, { outMs, lastTroubleMs, inServiceMs, failed, retried }: Round): void {
  console.log(
    `${who}, ${count} of ${ROUNDS}: out after ${seconds(outMs)}, last trouble ${seconds(lastTroubleMs)} (${failed} failed, ${retried} retried), healed after ${seconds(inServiceMs)}`,
  );
}

function worst(rounds: readonly Round[]): string {
  return seconds(Math.max(...rounds.map(({ lastTroubleMs }) => lastTroubleMs)));
}

function verdict(met: boolean): string {
  return met ? 'met' : 'missed';
}
