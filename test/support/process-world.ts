import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Provider } from '../../src/ports/provider.ts';
import { processProvider } from '../../src/providers/process/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import { PRINTING, type ProviderWorld } from '../conformance/provider.ts';
import { isRunning, kill, processesWith } from './processes.ts';

/** The process provider on a folder of its own. Everything in it has ended when the world is disposed of. */
export class ProcessWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings = settings({ command: ['sleep', '600'] });
  readonly listening = settings({
    command: [process.execPath, '-e', 'require("net").createServer().listen(process.env.PORT, process.env.HOST)'],
  });
  readonly printing = settings({ command: ['sh', '-c', PRINTING] });
  readonly dataDir: string;
  readonly problems: string[] = [];
  readonly #opened: Provider[] = [];

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  static async make(): Promise<ProcessWorld> {
    return new ProcessWorld(await mkdtemp(join(tmpdir(), 'drover-process-')));
  }

  async open(fleet: string): Promise<Provider> {
    const onProblem = (message: string) => void this.problems.push(message);
    const provider = processProvider.create({
      fleet,
      settings: {},
      dataDir: this.dataDir,
      clock: this.clock,
      onProblem,
    });
    this.#opened.push(provider);
    return provider;
  }

  /** Resolves when the process is dead, which is not when it has been killed. */
  async crash(machine: Machine): Promise<void> {
    const pid = pidOf(machine);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
  }

  /** The live processes, of whatever instance, that carry this data folder in their environment. */
  async processes(): Promise<readonly number[]> {
    return (await processesWith(`DROVER_DATA_DIR=${this.dataDir}`)).map(({ pid }) => pid);
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await expect
      .poll(async () => {
        const pids = await this.processes();
        pids.forEach(kill);
        return pids;
      })
      .toEqual([]);
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Terminates a machine, and waits until nothing of it is left. */
export async function terminated(provider: Provider, machineId: string): Promise<void> {
  const { signal } = new AbortController();
  const ask = () => provider.terminate(machineId, signal).catch((error: unknown) => error);
  await expect.poll(ask, { interval: 10, timeout: 15_000 }).toMatchObject({ reaction: 'NotFound' });
}

export function settings(written: JsonObject): JsonObject {
  return processProvider.settingsSchema(process.cwd()).parse({ stopTimeout: '5s', ...written });
}

export function pidOf(machine: Machine): number {
  const pid = /^pid (\d+)/.exec(machine.detail)?.[1];
  if (pid === undefined) throw new Error(`no pid in the detail of ${machine.id}: ${machine.detail}`);
  return Number(pid);
}

/** Of one file of tests: a world of its own for each test, and a provider that is open on it. */
export interface ProcessTests {
  /** Of this run alone: a provider knows its machines by their tags, also those of tests that run at the same time. */
  readonly fleet: string;
  readonly signal: AbortSignal;
  world: ProcessWorld;
  provider: Provider;
}

/** Sets each test of a file up, and clears up after it. */
export function processTests(name: string): ProcessTests {
  const tests = { fleet: `${name}-${randomUUID()}`, signal: new AbortController().signal } as ProcessTests;
  beforeEach(async () => {
    tests.world = await ProcessWorld.make();
    tests.provider = await tests.world.open(tests.fleet);
  });
  afterEach(() => tests.world.dispose());
  return tests;
}
