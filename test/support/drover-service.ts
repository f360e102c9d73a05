import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { kill, processesWith } from './processes.ts';

const DROVER = join(import.meta.dirname, '..', '..', 'bin', 'drover');

/**
 * `bin/drover run` as a user or a service manager starts it, over a fleet without load balancers: nothing but processes. When the test
 * has finished, nothing of it is left.
 */
export class DroverService {
  readonly folder: string;
  readonly client: ApiClient;
  #output = '';

  private constructor(folder: string) {
    this.folder = folder;
    this.client = new ApiClient(join(folder, '.drover'));
  }

  static async create(group: string): Promise<DroverService> {
    const service = new DroverService(await mkdtemp(join(tmpdir(), 'drover-service-')));
    onTestFinished(() => service.#dispose());
    await service.describe(group);
    return service;
  }

  get output(): string {
    return this.#output;
  }

  /** Writes the fleet file, with these lines for its one group, and others beside it. */
  async describe(group: string, others: readonly string[] = []): Promise<void> {
    const lines = group.trim().replaceAll(/^ */gm, '    ');
    const text = ['fleet: service', 'autoScalingGroups:', '  w:', lines, ...others, ''].join('\n');
    await writeFile(join(this.folder, 'fleet.yaml'), text);
  }

  /** Starts it by way of other programs (`nohup`), and waits until its one server is in service. */
  async run(
    options: { via?: readonly string[]; words?: readonly string[]; env?: NodeJS.ProcessEnv; stdout?: number } = {},
  ): Promise<ChildProcess> {
    const { via = [], words = ['--plain'], env = process.env, stdout = 'pipe' } = options;
    const [program = '', ...args] = [...via, DROVER, 'run', ...words, 'fleet.yaml'];
    const stdio: StdioOptions = ['ignore', stdout, 'pipe'];
    const child = spawn(program, args, { cwd: this.folder, env, stdio, detached: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('error', () => undefined);
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    await expect.poll(() => this.inService().then((size) => (size === 1 ? size : this.#output))).toBe(1);
    return child;
  }

  /** How many are in service; null where no controller answers. */
  async inService(): Promise<number | null> {
    return this.client.status().then(
      ({ groups }) => groups[0]?.inService ?? 0,
      () => null,
    );
  }

  /** A file of the fleet's folder, once it is there and has a last line. */
  async file(name: string): Promise<string> {
    const path = join(this.folder, name);
    const read = () => readFile(path, 'utf8').catch(() => '');
    await expect.poll(read).toMatch(/\n$/);
    return read();
  }

  async #dispose(): Promise<void> {
    await this.client.close();
    const left = async () => {
      const found = await processesWith(this.folder);
      found.forEach(({ pid }) => void kill(pid));
      return found;
    };
    await expect.poll(left).toEqual([]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** How a process ended, once it has. */
export async function ending(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (!hasEnded(child)) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}
