import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const UNIT = join(import.meta.dirname, '../../../examples/systemd/drover.service');
const run = promisify(execFile);

it('lets HAProxy and the servers live when the controller is stopped', async () => {
  const lines = (await readFile(UNIT, 'utf8')).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining(['KillMode=process', 'OOMPolicy=continue', 'TasksMax=infinity', 'Restart=on-failure']),
  );
  expect(lines.filter((line) => /^(PrivateTmp|RuntimeDirectory|DynamicUser)=/.test(line))).toEqual([]);
});

it.skipIf(!existsSync('/usr/bin/systemd-analyze'))('is a unit that systemd accepts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-unit-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const drover = join(import.meta.dirname, '../../../bin/drover');
  const unit = (await readFile(UNIT, 'utf8')).replaceAll('/opt/drover/bin/drover', drover);
  await writeFile(join(folder, 'drover.service'), unit);
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', join(folder, 'drover.service')]);
  expect(stderr.split('\n').filter((line) => line.includes('drover.service'))).toEqual([]);
});
