import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { metricSourceTypes } from '../../src/metrics/registry.ts';
import { NO_TRAFFIC, WHOLE_TRAFFIC } from '../../src/model/observation.ts';
import type { MetricSourceType } from '../../src/ports/metric-source.ts';
import { type FakeAnswer, FakeHttp } from '../support/fake-http.ts';
import { FakeRedis } from '../support/fake-redis.ts';
import { describeMetricSourceConformance, type MeasuredWorld } from './metric-source.ts';

const SECRET = 'correct-horse-battery-staple';
const tried = new Set<string>();

function typeOf(name: string): MetricSourceType {
  tried.add(name);
  return metricSourceTypes.get(name) ?? expect.fail(`there is no metric source ${name}`);
}

async function folder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'drover-metric-'));
}

/** A source that asks over HTTP; `body` is what the number is wrapped in. */
async function overHttp(
  options: (fake: FakeHttp) => Pick<MeasuredWorld, 'type' | 'settings' | 'context'>,
  body: (value: number | string) => string,
): Promise<MeasuredWorld> {
  const fake = await FakeHttp.start();
  const baseDir = await folder();
  await writeFile(join(baseDir, 'secret'), `${SECRET}\n`);
  const answers = (answer: FakeAnswer | null) => async () => {
    fake.answer = () => answer;
  };
  const tells = (value: number) => answers({ body: body(value) })();
  await tells(7);
  return {
    ...options(fake),
    baseDir,
    secret: SECRET,
    tells,
    babbles: answers({ body: body('NaN') }),
    fails: answers({ status: 500, body: `no number for ${SECRET}` }),
    hangs: async () => {
      await answers(null)();
      const before = fake.requests.length;
      return async () => fake.requests.length > before;
    },
    close: async () => {
      await fake.stop();
      await rm(baseDir, { recursive: true });
    },
  };
}

describeMetricSourceConformance('constant', async () => ({
  type: typeOf('constant'),
  settings: { value: 7 },
  baseDir: '/',
  close: async () => {},
}));

describeMetricSourceConformance('file', async () => {
  const baseDir = await folder();
  const path = join(baseDir, 'number');
  const tells = (value: number) => writeFile(path, `${value}\n`);
  await tells(7);
  return {
    type: typeOf('file'),
    settings: { path: 'number' },
    baseDir,
    tells,
    babbles: () => writeFile(path, 'a lot\n'),
    fails: () => rm(path),
    // The first reading of an empty file is not believed, so it waits for the second one.
    hangs: async () => {
      await writeFile(path, '');
      return async () => true;
    },
    close: () => rm(baseDir, { recursive: true }),
  };
});

describeMetricSourceConformance('exec', async () => {
  const baseDir = await folder();
  const script = (text: string) => writeFile(join(baseDir, 'number.sh'), `${text}\n`);
  await script('echo 7');
  return {
    type: typeOf('exec'),
    settings: { command: ['sh', 'number.sh'] },
    baseDir,
    tells: (value) => script(`echo ${value}`),
    babbles: () => script('echo a lot'),
    fails: () => script('echo 5; echo broken >&2; exit 3'),
    hangs: async () => {
      const asked = join(baseDir, 'asked');
      await script(`touch ${asked}; sleep 60 & sleep 60`);
      return async () => existsSync(asked);
    },
    close: () => rm(baseDir, { recursive: true }),
  };
});

describeMetricSourceConformance('http', () =>
  overHttp(
    ({ url }) => ({
      type: typeOf('http'),
      settings: {
        url: `${url}/stats?key=1`,
        pointer: '/jobs/0',
        headers: { authorization: { file: 'secret', prefix: 'Bearer ' } },
      },
    }),
    (value) => JSON.stringify({ jobs: [value] }),
  ),
);

describeMetricSourceConformance('prometheus', () =>
  overHttp(
    ({ url }) => ({
      type: typeOf('prometheus'),
      settings: { url, query: 'sum(rate(requests_total[1m]))', bearerTokenFile: 'secret' },
    }),
    (value) => {
      const result = [{ metric: {}, value: [Date.now() / 1000, String(value)] }];
      return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
    },
  ),
);

describeMetricSourceConformance('host, with exporters', () =>
  overHttp(
    ({ port }) => ({
      type: typeOf('host'),
      settings: { measure: 'memory', exporterPort: port },
      context: {
        servers: () => [{ instanceId: 'i-1', address: '127.0.0.1', pid: null, isWarm: true }],
      },
    }),
    (value) => {
      const total = Number(value) * 2 ** 20 + 1_000;
      return `# HELP node_memory\nnode_memory_MemTotal_bytes ${total}\nnode_memory_MemAvailable_bytes 1e3\n`;
    },
  ),
);

describeMetricSourceConformance('haproxy', async () => {
  const traffic = { ...NO_TRAFFIC, openRequests: 7, responseTimeMs: 1 };
  const of =
    (openRequests: number, name = 'web') =>
    () => [
      {
        at: Date.now(),
        steadyMs: performance.now(),
        observation: {
          at: Date.now(),
          version: '2.6',
          ...WHOLE_TRAFFIC,
          targetGroups: [{ name, targets: [], traffic: { ...traffic, openRequests } }],
        },
      },
    ];
  let observations = of(7);
  return {
    type: typeOf('haproxy'),
    settings: { targetGroup: 'web', measure: 'openRequests' },
    baseDir: '/',
    context: { observations: () => observations() },
    tells: async (value) => {
      observations = of(value);
    },
    babbles: async () => {
      observations = of(-1);
    },
    fails: async () => {
      observations = of(1, 'api');
    },
    close: async () => {},
  };
});

describeMetricSourceConformance('queue, RabbitMQ', () =>
  overHttp(
    ({ url }) => ({
      type: typeOf('queue'),
      settings: { kind: 'rabbitmq', url, queue: 'jobs', user: 'drover', passwordFile: 'secret' },
    }),
    (value) => JSON.stringify({ messages: value, state: 'running' }),
  ),
);

describeMetricSourceConformance('queue, Redis', async () => {
  const fake = await FakeRedis.start();
  const baseDir = await folder();
  await writeFile(join(baseDir, 'secret'), SECRET);
  const answers = (reply: string | null) => async () => {
    fake.answer = ([name]) => (name === 'AUTH' ? '+OK\r\n' : reply);
  };
  const tells = (value: number) => answers(`:${value}\r\n`)();
  await tells(7);
  return {
    type: typeOf('queue'),
    settings: { kind: 'redis', url: fake.url, key: 'jobs', passwordFile: 'secret' },
    baseDir,
    secret: SECRET,
    tells,
    fails: answers('-WRONGTYPE Operation against a key holding the wrong kind of value\r\n'),
    hangs: async () => {
      await answers(null)();
      const before = fake.commands.length;
      return async () => fake.commands.length > before;
    },
    close: async () => {
      await fake.stop();
      await rm(baseDir, { recursive: true });
    },
  };
});

it('is tried on every source that there is', () => {
  expect([...tried].toSorted()).toEqual([...metricSourceTypes.keys()].toSorted());
});
