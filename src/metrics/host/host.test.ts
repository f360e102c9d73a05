import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FakeHttp } from '../../../test/support/fake-http.ts';
import { NO_ABORT, sourceOf } from '../../../test/support/metric-sources.ts';
import type { MeasuredServer } from '../../ports/metric-source.ts';
import { samplesOf } from './exposition.ts';
import { hostMetric } from './index.ts';

const server = (instanceId: string, pid: number | null, address: string | null = '127.0.0.1'): MeasuredServer => ({
  instanceId,
  pid,
  isWarm: true,
  address,
});

describe('processes of this host', () => {
  /** A process in a session of its own, as the process provider starts them. */
  function aServer(script: string): ChildProcess & { readonly pid: number } {
    const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
    const { pid } = child;
    if (pid === undefined) return expect.fail('it was not started');
    onTestFinished(async () => {
      if (child.exitCode !== null) return;
      process.kill(-pid, 'SIGKILL');
      if (child.signalCode === null) await once(child, 'exit');
    });
    return Object.assign(child, { pid });
  }

  const source = (measure: string, servers: readonly MeasuredServer[]) =>
    sourceOf(hostMetric, { measure }, { servers: () => servers });

  it('measures CPU from the second reading on, children included', async () => {
    const busy = aServer('while :; do :; done & wait');
    const cpu = source('cpu', [server('i-1', busy.pid)]);
    expect(await cpu.read(NO_ABORT)).toMatchObject({ kind: 'missing', code: 'empty' });
    await expect
      .poll(() => cpu.read(NO_ABORT), { interval: 300 })
      .toMatchObject({ kind: 'value', value: expect.toSatisfy((value: number) => value > 0 && value < 150) });
  });

  it('finds no CPU used by who sleeps, which is a true zero', async () => {
    const cpu = source('cpu', [server('i-1', aServer('sleep 100').pid)]);
    await expect.poll(() => cpu.read(NO_ABORT), { interval: 300 }).toMatchObject({ value: 0 });
  });

  it('measures the memory of each server, in the mean', async () => {
    const one = aServer('sleep 100; true');
    const memory = source('memory', [server('i-1', one.pid), server('i-2', one.pid)]);
    // At its very start a process has next to none.
    await expect
      .poll(() => memory.read(NO_ABORT))
      .toMatchObject({ value: expect.toSatisfy((mib: number) => mib > 0.1 && mib < 100) });
  });

  it('is missing without servers, and where most of them cannot be measured', async () => {
    expect(await source('cpu', []).read(NO_ABORT)).toMatchObject({
      code: 'noServers',
      detail: 'no server is in service',
    });
    const gone = aServer('exit 0');
    await once(gone, 'exit');
    expect(await source('memory', [server('i-1', gone.pid)]).read(NO_ABORT)).toMatchObject({
      code: 'failed',
      detail: `1 of 1 servers could not be measured: the process ${gone.pid} of i-1 is gone`,
    });
    expect(await source('cpu', [server('i-2', null)]).read(NO_ABORT)).toMatchObject({
      detail: expect.stringContaining('i-2 is no process of this host; exporterPort is needed'),
    });
    const alive = server('i-3', aServer('sleep 100').pid);
    expect(await source('memory', [alive, server('i-1', gone.pid)]).read(NO_ABORT)).toMatchObject({ kind: 'value' });
  });

  it("tells the host's load, whether there are servers or not", async () => {
    const load = Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
    const reading = await source('load', []).read(NO_ABORT);
    expect(reading).toHaveProperty('value', expect.closeTo(load, 0));
  });
});

describe('machines with an exporter', () => {
  let fake: FakeHttp;
  beforeEach(async () => {
    fake = await FakeHttp.start();
  });
  afterEach(() => fake.stop());

  const source = (measure: string, servers: readonly MeasuredServer[], more: object = {}) =>
    sourceOf(hostMetric, { measure, exporterPort: fake.port, ...more }, { servers: () => servers });
  const cpuLines = (idle: number, user: number) => `# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} ${idle}
node_cpu_seconds_total{cpu="0",mode="user"} ${user}
node_cpu_seconds_total{cpu="1",mode="idle"} ${idle}
node_cpu_seconds_total{cpu="1",mode="system"} 0
`;

  it('measures the CPU of the whole machine between two readings', async () => {
    const cpu = source('cpu', [server('i-1', null)]);
    const readAgain = async (idle: number, user: number) => {
      fake.answer = () => ({ body: cpuLines(idle, user) });
      return await cpu.read(NO_ABORT);
    };
    expect(await readAgain(1_000, 500)).toMatchObject({ code: 'empty' });
    expect(await readAgain(1_007.5, 505)).toMatchObject({ value: 25 });
    // The machine has started again.
    expect(await readAgain(10, 1)).toMatchObject({ code: 'empty' });
    expect(await readAgain(20, 1)).toMatchObject({ value: 0 });
  });

  it('asks each server, at its own path, and takes the mean of those that answer', async () => {
    let load = 1;
    fake.answer = ({ url }) => ({ body: url === '/own' ? `node_load1 ${load++}\n` : '' });
    const servers = [server('i-1', null), server('i-2', 4711), server('i-3', null, null)];
    expect(await source('load', servers, { path: '/own' }).read(NO_ABORT)).toMatchObject({ value: 1.5 });
  });

  it('is missing where most do not answer, or have other metrics', async () => {
    const nobody = server('i-1', null, '127.0.0.2');
    expect(await source('load', [nobody, server('i-2', null, null)]).read(NO_ABORT)).toMatchObject({
      code: 'failed',
      detail: expect.stringMatching(/^2 of 2 servers could not be measured: /),
    });
    fake.answer = () => ({ body: 'up 1\n' });
    expect(await source('load', [server('i-1', null)]).read(NO_ABORT)).toMatchObject({
      detail: expect.stringContaining("none of node_exporter's metrics"),
    });
    fake.answer = () => ({ body: 'node_load1 NaN\n' });
    expect(await source('load', [server('i-1', null)]).read(NO_ABORT)).toMatchObject({ kind: 'missing' });
  });
});

describe('the text format', () => {
  const parse = (text: string) =>
    samplesOf(text, new Set(['a', 'b'])).map(({ name, labels, value }) => [name, Object.fromEntries(labels), value]);

  it('is read as far as it is needed', () => {
    const text = [
      '# HELP a Something',
      'a 1',
      'a{} 2.5e3 1395066363000',
      'a{x="1",y="a \\"quoted\\" {brace}, \\\\ and\\nline",} -3',
      'b\t4\r',
      'ab 5',
      'a nonsense here now',
      'a',
      '',
      'b +Inf',
    ].join('\n');
    expect(parse(text)).toEqual([
      ['a', {}, 1],
      ['a', {}, 2_500],
      ['a', { x: '1', y: 'a "quoted" {brace}, \\ and\nline' }, -3],
      ['b', {}, 4],
      ['b', {}, Number.NaN],
    ]);
  });
});
