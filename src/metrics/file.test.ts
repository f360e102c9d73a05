import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { sourceOf } from '../../test/support/metric-sources.ts';
import type { Clock } from '../ports/clock.ts';
import { createFileMetric, fileMetric } from './file.ts';

const NOW = 1_000;

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-file-metric-'));
  path = join(folder, 'desired');
});
afterEach(() => rm(folder, { recursive: true }));

/** A clock that does something instead of sleeping. */
function clockWith(sleep: (delayMs: number, signal?: AbortSignal) => Promise<void> = async () => {}): Clock {
  return { now: () => NOW, steadyMs: () => NOW, sleep };
}

describe('read', () => {
  const read = (clock = clockWith()) => createFileMetric({ path, clock }).read(new AbortController().signal);

  it.each([
    ['6\n', 6],
    ['6', 6],
    [' \t 12 \r\n\n', 12],
    ['\uFEFF7\n', 7],
    ['0', 0],
    ['-3\n', -3],
    ['+2.50', 2.5],
    ['.5', 0.5],
    ['1e3', 1_000],
  ])('takes %j as a number', async (content, value) => {
    await writeFile(path, content);
    expect(await read()).toEqual({ kind: 'value', value, at: NOW });
  });

  it.each(['six', '6 7', '6,5', '0x10', 'NaN', 'Infinity', '1e999', '--1', '.', '1_000', '٣'])(
    'does not take %j for a number',
    async (content) => {
      await writeFile(path, content);
      expect(await read()).toEqual({
        kind: 'missing',
        code: 'notANumber',
        detail: `${path} holds "${content}", which is not a number`,
        at: NOW,
      });
    },
  );

  it('quotes without control characters', async () => {
    await writeFile(path, ' a\x1b[2J\x07\n\u202e\x9b"b" \n');
    expect(await read()).toHaveProperty(
      'detail',
      `${path} holds "a\\u001b[2J\\u0007\\n\\u{202e}\\u{9b}\\"b\\"", which is not a number`,
    );
  });

  it('reads no more than it needs to know that it is too much', async () => {
    await writeFile(path, `${'9'.repeat(64)}`);
    expect(await read()).toMatchObject({ kind: 'value' });
    await writeFile(path, '6 '.repeat(1_000_000));
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'missing', code: 'notANumber' });
    expect(reading).toHaveProperty('detail', `${path} is longer than 64 bytes`);
  });

  it('says that the file is absent, or empty', async () => {
    expect(await read()).toEqual({ kind: 'missing', code: 'absent', detail: `${path} does not exist`, at: NOW });
    await writeFile(path, ' \n');
    expect(await read()).toEqual({ kind: 'missing', code: 'empty', detail: `${path} is empty`, at: NOW });
  });

  it('says that a folder, or a pipe without a writer, is not a file', async () => {
    const unreadable = { kind: 'missing', code: 'unreadable', detail: expect.stringContaining(path) };
    await mkdir(path);
    expect(await read()).toMatchObject(unreadable);
    await rm(path, { recursive: true });
    await promisify(execFile)('mkfifo', [path]);
    expect(await read()).toMatchObject(unreadable);
  });

  it.each([
    ['emptied', ''],
    ['half-written', '1'],
  ])('waits for a writer that has only %s the file', async (_, halfway) => {
    await writeFile(path, halfway);
    expect(await read(clockWith(() => writeFile(path, '12\n')))).toEqual({ kind: 'value', value: 12, at: NOW });
  });

  it('waits for an editor that has removed the file', async () => {
    expect(await read(clockWith(() => writeFile(path, '4\n')))).toEqual({ kind: 'value', value: 4, at: NOW });
  });

  it('takes a whole line at once, and what it has found before', async () => {
    const sleeps: number[] = [];
    const clock = clockWith(async (delayMs) => void sleeps.push(delayMs));
    const metric = createFileMetric({ path, clock });
    const { signal } = new AbortController();
    await writeFile(path, '3\n');
    await metric.read(signal);
    expect(sleeps).toEqual([]);
    await rm(path);
    await metric.read(signal);
    await metric.read(signal);
    expect(sleeps).toEqual([100]);
  });

  it('does not wait for ever for a file that is never settled', async () => {
    let written = 0;
    await writeFile(path, '');
    const reading = await read(
      clockWith(async () => {
        written += 1;
        await writeFile(path, `${written}`);
      }),
    );
    expect(reading).toEqual({ kind: 'value', value: 4, at: NOW });
  });

  it('is given up when its signal aborts', async () => {
    const controller = new AbortController();
    const metric = createFileMetric({ path, clock: clockWith(async () => controller.abort()) });
    await expect(metric.read(controller.signal)).rejects.toMatchObject({ name: 'PortError', code: 'aborted' });
  });
});

describe('the metric', () => {
  it('is as old as its file', async () => {
    const source = sourceOf(fileMetric, { path: 'desired' }, { clock: clockWith() }, folder);
    await writeFile(path, '6\n');
    await utimes(path, 1_700_000_000, 1_700_000_000.25);
    const reading = await source.read(new AbortController().signal);
    expect(reading).toEqual({ kind: 'value', value: 6, at: 1_700_000_000_250 });
    await rm(path);
    expect(await source.read(new AbortController().signal)).toMatchObject({ code: 'absent', at: NOW });
  });
});

describe('watch', () => {
  const stoppedClock = clockWith(() => new Promise(() => {}));

  /** Watches; the function that it returns resolves at the first call back after `change` was begun. */
  function watching(clock = stoppedClock) {
    let called = () => {};
    const stop = createFileMetric({ path, clock }).watch(() => called());
    onTestFinished(stop);
    return async (change: () => unknown) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      called = resolve;
      await change();
      await promise;
    };
  }

  it('calls back when the file is made, written, replaced and removed', async () => {
    const calledBackAfter = watching();
    await calledBackAfter(() => writeFile(path, '1\n'));
    await calledBackAfter(() => writeFile(path, '2\n'));
    await writeFile(join(folder, 'new'), '3\n');
    await calledBackAfter(() => rename(join(folder, 'new'), path));
    await calledBackAfter(() => writeFile(path, '4\n'));
    await calledBackAfter(() => rm(path));
    await calledBackAfter(() => writeFile(path, '5\n'));
  });

  it('goes on when the folder was replaced', async () => {
    path = join(folder, 'settings', 'desired');
    await mkdir(join(folder, 'settings'));
    let retry = () => {};
    const calledBackAfter = watching(clockWith(() => new Promise((resolve) => (retry = resolve))));
    await calledBackAfter(() => writeFile(path, '1\n'));
    await calledBackAfter(async () => {
      await rename(join(folder, 'settings'), join(folder, 'old'));
      await mkdir(join(folder, 'settings'));
      retry();
    });
    await calledBackAfter(() => writeFile(path, '2\n'));
  });

  it('waits for a folder that is not there yet', async () => {
    path = join(folder, 'settings', 'desired');
    const sleeping = Promise.withResolvers<() => void>();
    const clock = clockWith((delayMs) => {
      expect(delayMs).toBe(2_000);
      return new Promise((resolve) => sleeping.resolve(resolve));
    });
    const calledBackAfter = watching(clock);
    const wake = await sleeping.promise;
    await mkdir(join(folder, 'settings'));
    await calledBackAfter(wake);
    await calledBackAfter(() => writeFile(path, '1\n'));
  });

  it('does not call back for other files, nor after it was stopped', async () => {
    let calls = 0;
    const metric = createFileMetric({ path, clock: stoppedClock });
    const stop = metric.watch(() => {
      calls += 1;
    });
    // A second watch on the same folder is told of the last write after the first one.
    const other = Promise.withResolvers<void>();
    const stopOther = createFileMetric({ path: join(folder, 'other'), clock: stoppedClock }).watch(other.resolve);
    onTestFinished(stopOther);
    await writeFile(join(folder, 'other'), '1\n');
    await other.promise;
    stop();
    await writeFile(path, '1\n');
    expect(calls).toBe(0);
  });
});
