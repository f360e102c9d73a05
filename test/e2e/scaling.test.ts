import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { request } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { type FleetWishes, RealFleet } from '../support/fleet.ts';
import {
  RABBITMQ_USER,
  type RealProgram,
  startPrometheus,
  startRabbitMq,
  startRedis,
} from '../support/real-programs.ts';
import { requires } from '../support/requires.ts';
import { SteadyLoad } from '../support/steady-load.ts';

const FIXTURES = join(import.meta.dirname, '..', 'support', 'fixtures');
const PATIENCE_MS = 40_000;
/** Requests a second that a server is to have. It can answer 40, and refuses what goes beyond. */
const TARGET = 15;
/** The rise: a rate is over ten seconds, so no step takes more than what the servers have to spare. */
const STEPS = [12, 24, 40, 58, 72] as const;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function begin(group: readonly string[], wishes: FleetWishes = {}): Promise<RealFleet> {
  const fleet = await RealFleet.create({
    minSize: 1,
    maxSize: 6,
    desiredCapacity: 1,
    deregistrationDelay: '2s',
    command: [process.execPath, join(FIXTURES, 'limited-server.js')],
    group: group.join('\n    '),
    ...wishes,
  });
  ends.push(() => fleet.end());
  await fleet.start();
  await fleet.settle(1);
  return fleet;
}

function loadOn(fleet: RealFleet, perSecond: number): SteadyLoad {
  const load = new SteadyLoad(fleet.url, perSecond);
  ends.push(() => load.stop());
  return load;
}

async function running(program: Promise<RealProgram>): Promise<RealProgram> {
  const { url, end } = await program;
  ends.push(end);
  return { url, end };
}

const activitiesOf = async (fleet: RealFleet, reason: 'scaledOut' | 'scaledIn') =>
  (await fleet.activities()).filter((activity) => activity.reason === reason);

requires('haproxy')('a fleet that follows its load', () => {
  it('grows with the requests for each target before one fails, and shrinks when they are fewer', async () => {
    const fleet = await begin([
      'metrics: { requests: { source: haproxy, targetGroup: hello, measure: requestsPerTarget, interval: 1s } }',
      `scalingPolicies: { requests: { type: targetTracking, metric: requests, targetValue: ${TARGET}, valueIs: average, scaleIn: { window: 3s } } }`,
    ]);
    const load = loadOn(fleet, STEPS[0]);
    for (const perSecond of STEPS) {
      load.change(perSecond);
      const needed = Math.ceil(perSecond / TARGET);
      await fleet.until(`${needed} servers`, async () => (await fleet.inService()).length >= needed, PATIENCE_MS);
    }
    await fleet.settle(5, PATIENCE_MS);
    expect(load.failures).toEqual([]);
    expect((await activitiesOf(fleet, 'scaledOut')).length).toBeGreaterThan(1);

    load.change(5);
    await fleet.settle(1, PATIENCE_MS);
    expect(load.failures).toEqual([]);
    const [scaledIn] = await activitiesOf(fleet, 'scaledIn');
    expect(scaledIn?.message).toContain('by policy requests: requests is');

    // The limit is a real one: what comes too fast for any policy is refused.
    await load.burst(60);
    expect(load.failures).toContain('503 busy');
  });

  requires('prometheus')('as Prometheus sees it', () => {
    it('grows and shrinks by a rate of what HAProxy itself exports', async () => {
      const fleet = await RealFleet.create();
      ends.push(() => fleet.end());
      const prometheus = await running(startPrometheus(fleet.statsPort));
      await fleet.describe({
        minSize: 1,
        maxSize: 6,
        desiredCapacity: 1,
        deregistrationDelay: '2s',
        group: [
          `metrics: { requests: { source: prometheus, interval: 1s, url: "${prometheus.url}", query: 'sum(rate(haproxy_backend_http_requests_total{proxy="hello"}[5s]))' } }`,
          `scalingPolicies: { requests: { type: targetTracking, metric: requests, targetValue: ${TARGET}, valueIs: total, scaleIn: { window: 3s } } }`,
        ].join('\n    '),
      });
      await fleet.start();
      await fleet.settle(1);
      const load = loadOn(fleet, 54);
      await fleet.settle(4, PATIENCE_MS);
      load.change(5);
      await fleet.settle(1, PATIENCE_MS);
      expect(load.failures).toEqual([]);
      expect((await fleet.drover('explain', 'hello')).said).toContain('requests is');
    });
  });
});

/** A fleet of nothing but workers, from none to four. */
async function beginWorkers(queue: string, targetValue: number, worker: string, environment: Record<string, string>) {
  const fleet = await RealFleet.create();
  ends.push(() => fleet.end());
  await writeFile(
    fleet.fleetFile,
    `fleet: workers-${fleet.port}
autoScalingGroups:
  workers:
    minSize: 0
    maxSize: 4
    metrics: { jobs: { source: queue, interval: 1s, ${queue} } }
    scalingPolicies:
      jobs: { type: targetTracking, metric: jobs, targetValue: ${targetValue}, valueIs: total, scaleIn: { window: 2s } }
    launchTemplate:
      provider: process
      command: ${JSON.stringify([process.execPath, join(FIXTURES, worker)])}
      environment: ${JSON.stringify(environment)}
      stopTimeout: 10s
`,
  );
  await fleet.start();
  await fleet.until(
    'the empty queue is read',
    async () => {
      const { policies } = await fleet.client.explain('workers');
      return policies[0]?.wants === 0;
    },
    PATIENCE_MS,
  );
  expect(await fleet.instances()).toEqual([]);
  return fleet;
}

/** Waits until workers have come and are gone again. @returns the most that were in service at once */
async function untilNoneIsLeft(fleet: RealFleet): Promise<number> {
  let most = 0;
  await fleet.until(
    'the work is done and no worker is left',
    async () => {
      const instances = await fleet.instances();
      most = Math.max(most, instances.filter(({ state }) => state === 'inService').length);
      return most > 0 && instances.length === 0;
    },
    PATIENCE_MS,
  );
  expect((await fleet.status()).groups[0]?.desired).toBe(0);
  return most;
}

const jobsOf = (count: number) => Array.from({ length: count }, (_, index) => `job ${index}`);

requires('redis')('a group of workers that follows a list of Redis', () => {
  it('comes from none as jobs arrive, and goes when they are done, each of them once', async () => {
    const redis = await running(startRedis());
    const client = createClient({ url: redis.url });
    client.on('error', () => {});
    await client.connect();
    ends.push(async () => client.destroy());
    const queue = `kind: redis, url: "${redis.url}", key: jobs`;
    const fleet = await beginWorkers(queue, 20, 'queue-worker.js', { REDIS_URL: redis.url });

    const jobs = jobsOf(200);
    await client.rPush('jobs', jobs);
    expect(await untilNoneIsLeft(fleet)).toBe(4);
    expect((await client.lRange('done', 0, -1)).toSorted()).toEqual(jobs.toSorted());
  });
});

requires('rabbitmq')('a group of workers that follows a queue of RabbitMQ', () => {
  it('comes from none as jobs arrive, and goes when they are done, each of them once', async () => {
    const rabbit = await running(startRabbitMq());
    const [user, password] = RABBITMQ_USER.split(':') as [string, string];
    const ask = async (method: 'PUT' | 'POST', path: string, message: object): Promise<unknown> => {
      const { statusCode, body } = await request(`${rabbit.url}/api/${path}`, {
        method,
        headers: { authorization: `Basic ${Buffer.from(RABBITMQ_USER).toString('base64')}` },
        body: JSON.stringify(message),
      });
      const text = await body.text();
      if (statusCode >= 300) throw new Error(`${path}: ${statusCode} ${text}`);
      return text === '' ? null : JSON.parse(text);
    };
    await ask('PUT', 'queues/%2F/jobs', {});
    await ask('PUT', 'queues/%2F/done', {});
    const folder = await mkdtemp(join(tmpdir(), 'drover-secret-'));
    ends.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'password'), password, { mode: 0o600 });
    const queue = `kind: rabbitmq, url: "${rabbit.url}", queue: jobs, user: ${user}, passwordFile: "${folder}/password"`;
    const environment = { RABBITMQ_URL: rabbit.url, RABBITMQ_USER };
    const fleet = await beginWorkers(queue, 10, 'rabbitmq-worker.js', environment);

    const jobs = jobsOf(100);
    for (const payload of jobs) {
      const message = { properties: {}, routing_key: 'jobs', payload, payload_encoding: 'string' };
      await ask('POST', 'exchanges/%2F/amq.default/publish', message);
    }
    expect(await untilNoneIsLeft(fleet)).toBe(4);
    const all = { count: 1_000, ackmode: 'ack_requeue_true', encoding: 'auto' };
    const done = (await ask('POST', 'queues/%2F/done/get', all)) as { readonly payload: string }[];
    expect(done.map(({ payload }) => payload).toSorted()).toEqual(jobs.toSorted());
  });
});
