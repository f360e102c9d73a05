import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Provider } from '../../src/ports/provider.ts';
import { execProvider } from '../../src/providers/exec/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { ProviderWorld, ZonesWorld } from '../conformance/provider.ts';
import { freePorts } from './free-ports.ts';
import { isRunning, kill, processesWith } from './processes.ts';

export const EXEC_EXAMPLES = fileURLToPath(new URL('../../examples/exec/', import.meta.url));

/** One of the examples' scripts, on a folder of its own. */
export class ExecWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings: JsonObject;
  readonly listening: JsonObject;
  readonly dataDir: string;
  readonly problems: string[] = [];
  readonly zones?: ZonesWorld;
  readonly fill?: (zone: string | null) => Promise<void>;
  readonly #written: JsonObject;
  readonly #opened: Provider[] = [];

  private constructor(dataDir: string, written: JsonObject, settings: JsonObject, pool: JsonObject | null = null) {
    this.dataDir = dataDir;
    this.#written = written;
    if (pool !== null) {
      const names = zonesOf(pool);
      if (names.length > 0) this.zones = { names };
      this.fill = (zone) => writePool(dataDir, { ...pool, [zone ?? '']: [] });
    }
    this.settings = execProvider.settingsSchema('/').parse(settings);
    this.listening = this.settings;
  }

  static async shell(): Promise<ExecWorld> {
    const [port = 0] = await freePorts(1);
    const environment = { SERVER: './server.py', FIRST_PORT: String(port) };
    return new ExecWorld(await newFolder(), { command: ['./provider.sh'], ports: 'assigned', environment }, {});
  }

  /** @param pool addresses by zone; without zones the one that is '' */
  static async python(pool: JsonObject = { '': ownAddresses(16) }): Promise<ExecWorld> {
    const dataDir = await newFolder();
    await writePool(dataDir, pool);
    const written = { command: ['./provider.py'], zones: zonesOf(pool), environment: { POOL: poolFile(dataDir) } };
    return new ExecWorld(dataDir, written, { settings: { command: ['./server.py'] } }, pool);
  }

  async open(fleet: string): Promise<Provider> {
    const settings = execProvider.providerSettingsSchema?.(EXEC_EXAMPLES).parse(this.#written) ?? {};
    const onProblem = (message: string) => void this.problems.push(message);
    const provider = execProvider.create({ fleet, settings, dataDir: this.dataDir, clock: this.clock, onProblem });
    this.#opened.push(provider);
    return provider;
  }

  async crash({ detail }: Machine): Promise<void> {
    const pid = Number(/^pid (\d+)$/.exec(detail)?.[1]);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await expect
      .poll(async () => {
        const processes = await processesWith(`DROVER_DATA_DIR=${this.dataDir}`);
        for (const { pid } of processes) kill(pid);
        return processes;
      })
      .toEqual([]);
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

function poolFile(dataDir: string): string {
  return join(dataDir, 'pool.json');
}

async function writePool(dataDir: string, pool: JsonObject): Promise<void> {
  await writeFile(poolFile(dataDir), JSON.stringify(pool));
}

function zonesOf(pool: JsonObject): readonly string[] {
  return Object.keys(pool).filter((zone) => zone !== '');
}

async function newFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'drover-exec-'));
}

/** Of the many that loopback has, some that nobody else uses at the same time. */
export function ownAddresses(count: number): string[] {
  const [second = 0, third = 0] = Buffer.from(randomUUID().replaceAll('-', ''), 'hex');
  return Array.from({ length: count }, (_, index) => `127.${1 + (second % 250)}.${third}.${index + 1}`);
}
