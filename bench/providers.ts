/**
 * How long until a killed container is replaced, and until 18 more are in service? Drover with the docker provider beside Docker Swarm: the same engine,
 * the same image, in turns. Drover's are in service when HAProxy has found them healthy; Swarm's, when each answers at its address.
 */

import { get } from 'node:http';
import { DockerEngine, TINY_WEB } from '../test/support/docker-engine.ts';
import { RealFleet } from '../test/support/fleet.ts';
import { bench, median, type Scope, until } from './support/bench.ts';
import { printTable, ratio, seconds } from './support/report.ts';

const SMALL = 2;
const LARGE = 20;
const ROUNDS = 3;
const PATIENCE_MS = 120_000;
const POLL_MS = 25;
const SELDOM_MS = 100;
const RECENT_ACTIVITIES = 200;
const ANSWER_TIMEOUT_MS = 1_000;
const LIMIT_MS = 480_000;

interface Round {
  /** From the kill until as many as before are in service, without the one that was killed. */
  readonly healMs: number;
  /** From the change of the size until all are in service. */
  readonly scaleMs: number;
}

await bench('Providers: Docker, beside Docker Swarm', LIMIT_MS, async (scope) => {
  const engine = await DockerEngine.start();
  scope.atEnd(() => engine.dispose());
  await engine.docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:0');
  scope.atEnd(() => engine.docker('swarm', 'leave', '--force'));
  await engine.docker(
    ...['service', 'create', '--detach', '--name', 'swarm', '--replicas', String(SMALL)],
    ...['--no-resolve-image', '--init', TINY_WEB],
  );
  await swarmAnswers(engine, SMALL);
  const drover: Round[] = [];
  const swarm: Round[] = [];
  for (let count = 1; count <= ROUNDS; count += 1) {
    swarm.push(await withSwarm(engine));
    drover.push(await withFleet(scope, engine, (fleet) => withDrover(fleet, engine)));
    const [a, b] = [drover.at(-1), swarm.at(-1)];
    console.log(
      `${count} of ${ROUNDS}: heal ${seconds(a?.healMs ?? 0)}, Swarm ${seconds(b?.healMs ?? 0)}; scale ${seconds(a?.scaleMs ?? 0)}, Swarm ${seconds(b?.scaleMs ?? 0)}`,
    );
  }
  const row = (title: string, of: (round: Round) => number) => {
    const [ours, theirs] = [median(drover.map(of)), median(swarm.map(of))];
    return [title, seconds(ours), seconds(theirs), ratio(ours / theirs)];
  };
  console.log(`\nMedians of ${ROUNDS} rounds:\n`);
  printTable([
    ['', 'Drover', 'Swarm', 'ratio'],
    row('killed: replaced and in service', ({ healMs }) => healMs),
    row(`${SMALL} -> ${LARGE}: all in service`, ({ scaleMs }) => scaleMs),
  ]);
  return true;
});

/** A new one for each round: a group whose servers are killed again and again takes that for a crash loop, and waits. */
async function withFleet<T>(scope: Scope, engine: DockerEngine, run: (fleet: RealFleet) => Promise<T>): Promise<T> {
  const fleet = await RealFleet.create({ desiredCapacity: SMALL, maxSize: LARGE, deregistrationDelay: '1s' });
  let ended = false;
  const end = async () => {
    if (!ended) await fleet.end();
    ended = true;
  };
  scope.atEnd(end);
  await fleet.comeFrom({
    provider: { type: 'docker', engine: engine.host },
    template: { image: TINY_WEB, pull: 'never' },
    port: 80,
  });
  await fleet.start();
  await fleet.settle(SMALL, PATIENCE_MS);
  const result = await run(fleet);
  await end();
  return result;
}

async function withDrover(fleet: RealFleet, engine: DockerEngine): Promise<Round> {
  const before = await fleet.instances();
  const victim = before[0]?.id ?? '';
  const [container = ''] = (await engine.containers()).filter((name) => name.endsWith(`.${victim}`));
  const killedAt = Date.now();
  await engine.kill(container);
  const healMs = (await cameIntoService(fleet, 1, killedAt)) - killedAt;
  const changedAt = Date.now();
  await fleet.client.setDesiredCapacity('hello', LARGE);
  const scaleMs = (await cameIntoService(fleet, LARGE - SMALL, changedAt)) - changedAt;
  await fleet.client.setDesiredCapacity('hello', SMALL);
  await fleet.settle(SMALL, PATIENCE_MS);
  return { healMs, scaleMs };
}

/** When the last of so many servers came into service, by Drover's own records: to ask for them seldom costs it little of the time that is measured. */
async function cameIntoService(fleet: RealFleet, count: number, sinceMs: number): Promise<number> {
  const times = async () => {
    const activities = await fleet.client.activities({ limit: RECENT_ACTIVITIES });
    const found = activities.filter(({ reason, at }) => reason === 'inService' && at >= sinceMs).map(({ at }) => at);
    return found.length >= count ? found : null;
  };
  return Math.max(...(await until(`${count} came into service`, PATIENCE_MS, times, SELDOM_MS)));
}

async function withSwarm(engine: DockerEngine): Promise<Round> {
  const [victim = ''] = await swarmContainers(engine);
  const killedAt = Date.now();
  await engine.kill(victim);
  await swarmAnswers(engine, SMALL, victim);
  const healMs = Date.now() - killedAt;
  const changedAt = Date.now();
  await engine.docker('service', 'scale', '--detach', `swarm=${LARGE}`);
  await swarmAnswers(engine, LARGE);
  const scaleMs = Date.now() - changedAt;
  await engine.docker('service', 'scale', '--detach', `swarm=${SMALL}`);
  const shrunk = async () => (await swarmContainers(engine)).length === SMALL;
  await until('Swarm has fewer', PATIENCE_MS, shrunk, POLL_MS);
  return { healMs, scaleMs };
}

async function swarmContainers(engine: DockerEngine): Promise<readonly string[]> {
  const printed = await engine.docker(
    'ps',
    '--quiet',
    '--no-trunc',
    '--filter',
    'label=com.docker.swarm.service.name=swarm',
  );
  return printed.split('\n').filter((id) => id !== '');
}

/** Until as many of Swarm's containers answer, without the one that was killed. */
async function swarmAnswers(engine: DockerEngine, size: number, without = ''): Promise<void> {
  const isSo = async () => {
    const ids = (await swarmContainers(engine)).filter((id) => id !== without);
    if (ids.length !== size) return false;
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
    const addresses = (await engine.docker('inspect', '--format', format, ...ids)).trim().split('\n');
    const answers = await Promise.all(addresses.map((line) => answersAt(line.trim())));
    return answers.length === size && answers.every((answered) => answered);
  };
  await until(`${size} of Swarm's answer`, PATIENCE_MS, isSo, POLL_MS);
}

function answersAt(address: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const request = get({ host: address, path: '/health', timeout: ANSWER_TIMEOUT_MS }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  request.on('error', () => resolve(false)).on('timeout', () => request.destroy());
  return promise;
}
