import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepEndedLog, lastLine, rotateLog } from './logs.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-logs-'));
  path = join(folder, 'server.log');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('rotateLog', () => {
  it('leaves a short log as it is', async () => {
    await writeFile(path, '12345');
    await rotateLog(path, 5);
    expect(await readdir(folder)).toEqual(['server.log']);
  });

  it('keeps the end of one earlier log', async () => {
    await writeFile(path, 'first');
    await rotateLog(path, 3);
    await writeFile(path, 'second');
    await rotateLog(path, 3);
    expect(await readFile(path, 'utf8')).toBe('');
    expect(await readFile(`${path}.1`, 'utf8')).toBe('ond');
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('does not mind a log that is not there', async () => {
    await rotateLog(path, 3);
  });
});

describe('lastLine', () => {
  it.each([
    ['', ''],
    ['one\ntwo\n', 'two'],
    ['one\ntwo\n\n  \n', 'two'],
    ['no line end', 'no line end'],
    [`${'x'.repeat(10_000)}\nlast\n`, 'last'],
    ['a\u001b[31mred\u0007', 'a [31mred'],
    ['y'.repeat(9_000), 'y'.repeat(200)],
    [
      "warn: Error: an old one\nstarts\nError: Cannot find module '/a.js'\n    at b (c.js:1:2) {\n  code: 'MODULE_NOT_FOUND'\n}\n\nNode.js v24.1.0\n",
      "Error: Cannot find module '/a.js'",
    ],
    ['Uncaught:\n[object Object]\n\nNode.js v24.1.0\n', '[object Object]'],
    ['Error: an old one\nNode.js v24.1.0 is what we use', 'Node.js v24.1.0 is what we use'],
  ])('of %j', async (content, line) => {
    await writeFile(path, content);
    expect(await lastLine(path)).toBe(line);
  });

  it('is empty where there is no log', async () => {
    expect(await lastLine(path)).toBe('');
  });
});

describe('keepEndedLog', () => {
  const keep = (instanceId: string, nowMs: number, maxBytes = 1_000_000_000) =>
    keepEndedLog(path, { dataDir: folder, instanceId, maxBytes, nowMs });

  it('keeps the end of a long one', async () => {
    await writeFile(path, 'a long log');
    await keep('i-1', 0, 3);
    expect(await readFile(join(folder, 'ended', 'i-1.log'), 'utf8')).toBe('log');
  });

  it('keeps 100 MiB of all together', async () => {
    for (let index = 0; index < 4; index += 1) {
      await writeFile(path, '');
      await truncate(path, 40 * 1024 * 1024);
      await keep(`i-${index}`, 1_000_000 + index * 1_000);
    }
    expect((await readdir(join(folder, 'ended'))).toSorted()).toEqual(['i-2.log', 'i-3.log']);
  });

  it('keeps the 50 that ended last', async () => {
    for (let index = 0; index < 53; index += 1) {
      await writeFile(path, `log ${index}`);
      await keep(`i-${index}`, 1_000_000 + index * 1_000);
    }
    const kept = await readdir(join(folder, 'ended'));
    expect(kept).toHaveLength(50);
    expect(kept).not.toContain('i-2.log');
    expect(kept).toContain('i-3.log');
    expect(await readFile(join(folder, 'ended', 'i-52.log'), 'utf8')).toBe('log 52');
  });

  it('does not mind a server that wrote none', async () => {
    await keep('i-1', 0);
    expect(await readdir(join(folder, 'ended'))).toEqual([]);
  });
});
