import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';

const DROVER = new URL('../../test/support/drover-fake.ts', import.meta.url).pathname;

let dataDir: string;
let child: ChildProcess | null;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-process-'));
  child = null;
});

afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(dataDir, { recursive: true, force: true });
});

/** A real process of the command line over a fake fleet. */
function start(command: string) {
  const started = spawn(process.execPath, [DROVER, command, '--data', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
  child = started;
  const output = { text: '' };
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.text += chunk.toString();
    });
  }
  const says = (text: string) => expect.poll(() => output.text).toContain(text);
  return { process: started, says };
}

it.each(['SIGINT', 'SIGTERM'] as const)('ends in order on %s', async (signal) => {
  const run = start('run');
  await run.says('controllerStarted');
  run.process.kill(signal);
  expect(await once(run.process, 'exit')).toEqual([0, null]);
  await run.says('The controller has ended');
});

it('ends at once on a second interrupt', async () => {
  const demo = start('demo');
  await demo.says('controllerStarted');
  demo.process.kill('SIGINT');
  // At once is still the same one.
  demo.process.kill('SIGINT');
  await demo.says('fleetDown');
  const interruptAgain = () => {
    demo.process.kill('SIGINT');
    return demo.process.exitCode;
  };
  await expect.poll(interruptAgain, { interval: 50 }).toBe(130);
});

it('demo ends all that it started on SIGHUP', async () => {
  const demo = start('demo');
  await demo.says('controllerStarted');
  demo.process.kill('SIGHUP');
  expect(await once(demo.process, 'exit')).toEqual([0, null]);
  await demo.says('Everything that the demo started is gone');
});

it('demo ends in silence when the reader of its output has gone', async () => {
  const demo = start('demo');
  await demo.says('controllerStarted');
  demo.process.stdout?.destroy();
  expect(await once(demo.process, 'exit')).toEqual([0, null]);
});

it('says that its output could not be written, unless it is a service', async () => {
  const full = openSync('/dev/full', 'w');
  const help = spawn(process.execPath, [DROVER, 'help'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  child = help;
  const [err, [code]] = await Promise.all([text(help.stderr as Readable), once(help, 'exit')]);
  expect(code).toBe(1);
  expect(err).toContain('Not all of the output could be written: ENOSPC');
});
