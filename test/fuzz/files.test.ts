import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileMetric } from '../../src/metrics/file.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { PortError } from '../../src/ports/errors.ts';
import { processProvider } from '../../src/providers/process/index.ts';
import { launchRequest } from '../support/launch-request.ts';
import { settings } from '../support/process-world.ts';
import { anyText, bounded, FUZZ_TIMEOUT_MS } from './fuzz.ts';

const NOW = 1_790_000_000_000;
/** Does not wait. */
const clock: Clock = { now: () => NOW, steadyMs: () => NOW, sleep: async () => undefined };
const signal = new AbortController().signal;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-fuzz-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the desired capacity file', () => {
  const read = () => createFileMetric({ path: join(folder, 'desired'), clock }).read(signal);

  it(
    'with anything in it gives a number, or says what is wrong with it on one line',
    async () => {
      const content = fc.oneof(
        fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
        anyText.map((text) => Buffer.from(text)),
        fc.double().map((number) => Buffer.from(`${number}\n`)),
        fc.stringMatching(/^[-+0-9eE. _,x\n]{1,20}$/).map((text) => Buffer.from(text)),
      );
      await fc.assert(
        fc.asyncProperty(content, async (bytes) => {
          await writeFile(join(folder, 'desired'), bytes);
          const reading = await read();
          if (reading.kind === 'value') {
            expect(Number.isFinite(reading.value)).toBe(true);
            expect(bytes.toString()).toMatch(/\d/);
          } else {
            expect(reading.detail).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
            expect(reading.detail.length).toBeLessThan(1_000);
          }
        }),
        bounded(500),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('that is no file is refused', async () => {
    await mkdir(join(folder, 'desired'));
    expect(await read()).toMatchObject({ kind: 'missing', code: 'unreadable' });
    await rm(join(folder, 'desired'), { recursive: true });
    await symlink('desired', join(folder, 'desired'));
    expect(await read()).toMatchObject({ kind: 'missing', code: 'unreadable' });
    await rm(join(folder, 'desired'));
    await symlink('/dev/zero', join(folder, 'desired'));
    expect(await read()).toMatchObject({ kind: 'missing', code: 'unreadable' });
  });
});

describe("the process provider's machine.json", () => {
  const ID = 'i-0123456789abcdef0';
  /** Beyond what Linux gives: nothing that runs can be meant. */
  const pid = fc.oneof(fc.integer({ min: 2 ** 22 + 1, max: 2 ** 31 - 1 }), fc.constantFrom(0, -1, -(2 ** 31)));
  const record = fc.record({
    fleet: fc.constantFrom('fuzz', 'other', ''),
    group: anyText,
    instanceId: fc.constant(ID),
    port: fc.oneof(fc.integer({ min: 20_000, max: 29_999 }), fc.integer()),
    launchedAt: fc.double(),
    stopTimeoutMs: fc.nat(),
    command: fc.array(anyText, { maxLength: 3 }),
    process: fc.option(fc.record({ pid, startTicks: fc.integer(), bootId: anyText })),
  });
  const key = fc.constantFrom(
    'fleet',
    'group',
    'instanceId',
    'port',
    'launchedAt',
    'stopTimeoutMs',
    'command',
    'process',
  );
  const wrong = fc.tuple(record, key, fc.oneof(fc.constantFrom(null, true, [], {}, '', 1.5), fc.constant(undefined)));
  const text = fc.oneof(
    record.map((value) => JSON.stringify(value)),
    wrong.map(([value, name, other]) => JSON.stringify({ ...value, [name]: other })),
    fc.tuple(record, fc.nat({ max: 300 })).map(([value, length]) => JSON.stringify(value, null, 2).slice(0, length)),
    fc.json(),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom('', '\0'.repeat(4_096), '['.repeat(100_000), '{"process":'.repeat(10_000)),
  );

  it(
    'with anything in it is a machine or an error that says what to do',
    async () => {
      const dataDir = join(folder, 'machines');
      await mkdir(join(dataDir, ID), { recursive: true });
      const request = launchRequest(ID, { serves: true, settings: settings({ command: ['/does/not/exist'] }) });
      await fc.assert(
        fc.asyncProperty(text, async (content) => {
          await mkdir(join(dataDir, ID), { recursive: true });
          await writeFile(join(dataDir, ID, 'machine.json'), content);
          const provider = processProvider.create({
            fleet: 'fuzz',
            settings: {},
            dataDir,
            clock,
            onProblem: () => undefined,
          });
          for (const call of [() => provider.list(signal), () => provider.launch(request, signal)]) {
            const outcome = await call().catch((error: unknown) => error);
            if (!(outcome instanceof Error)) continue;
            expect(outcome).toBeInstanceOf(PortError);
            expect((outcome as PortError).reaction).toBe('Invalid');
            expect(outcome.message).not.toBe('');
          }
          await provider.close();
        }),
        bounded(200),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
