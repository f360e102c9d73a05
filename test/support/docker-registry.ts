import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import type { DockerEngine } from './docker-engine.ts';
import { freePort } from './free-ports.ts';

const run = promisify(execFile);

/** Who may pull and push. */
export const USERNAME = 'drover';
export const PASSWORD = 'correct horse';

/** A registry of images of a test's own on loopback, which asks everybody for a password. */
export class DockerRegistry {
  readonly folder: string;
  /** As an image's name begins with it. */
  readonly host: string;
  #service: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.host = `127.0.0.1:${port}`;
  }

  static async start(): Promise<DockerRegistry> {
    const registry = new DockerRegistry(await mkdtemp(join(tmpdir(), 'drover-registry-')), await freePort());
    const { stdout } = await run('htpasswd', ['-Bbn', USERNAME, PASSWORD]);
    await writeFile(registry.#path('users'), stdout);
    const configuration = {
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: registry.#path('images') } },
      http: { addr: registry.host },
      auth: { htpasswd: { realm: 'registry', path: registry.#path('users') } },
    };
    await writeFile(registry.#path('config.json'), JSON.stringify(configuration));
    await registry.resume();
    return registry;
  }

  async resume(): Promise<void> {
    if (this.#service !== null) return;
    this.#service = spawn('docker-registry', ['serve', this.#path('config.json')], { stdio: 'ignore' });
    await vi.waitFor(() => fetch(`http://${this.host}/v2/`), { timeout: 20_000 });
  }

  /** It does not answer any more. */
  async stop(): Promise<void> {
    const service = this.#service;
    this.#service = null;
    if (service === null || service.exitCode !== null || service.signalCode !== null) return;
    service.kill('SIGKILL');
    await once(service, 'exit');
  }

  /** @param name of the image in the registry @returns its whole name */
  async push(engine: DockerEngine, image: string, name: string): Promise<string> {
    const pushed = `${this.host}/${name}`;
    const client = ['--config', this.#path('client')];
    await engine.docker(...client, 'login', '--username', USERNAME, '--password', PASSWORD, this.host);
    await engine.docker('tag', image, pushed);
    await engine.docker(...client, 'push', pushed);
    await engine.docker('rmi', pushed);
    return pushed;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}
