import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { TINY_WEB } from './docker-engine.ts';
import type { TestEngine } from './docker-world.ts';
import { freeNetwork } from './free-network.ts';
import { own, takenOver } from './left-behind.ts';
import { kill, processesWith } from './processes.ts';

const run = promisify(execFile);
const IMAGE_SCRIPT = join(import.meta.dirname, 'tiny-web-image.sh');
const PREFIX = 'drover-podman-';
const PATIENCE = { timeout: 30_000, interval: 50 };

/** Podman's service with an API like Docker's, in a folder of a test's own, with an image that serves. */
export class PodmanEngine implements TestEngine {
  readonly folder: string;
  readonly host: string;
  #service: ChildProcess | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.host = `unix://${folder}/podman.sock`;
  }

  static async start(): Promise<PodmanEngine> {
    // What cannot be taken away now is taken away by a later one.
    for (const folder of await takenOver(PREFIX)) await new PodmanEngine(folder).#takeAway().catch(() => undefined);
    const engine = new PodmanEngine(await mkdtemp(join(tmpdir(), PREFIX)));
    await own(engine.folder);
    await mkdir(join(engine.folder, 'networks'));
    // Without limits of its own: where tests run, nobody may raise them.
    await writeFile(
      join(engine.folder, 'containers.conf'),
      [
        ...['[containers]', 'default_ulimits = []', '[network]', 'network_backend = "netavark"'],
        ...[`network_config_dir = "${engine.folder}/networks"`, `default_subnet = "${freeNetwork(29)}.0/24"`],
        ...['[engine]', 'runtime = "runc"', ''],
      ].join('\n'),
    );
    await engine.#serve();
    await run('sh', [IMAGE_SCRIPT, TINY_WEB], { env: engine.environment });
    return engine;
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, DOCKER_HOST: this.host, CONTAINERS_CONF: join(this.folder, 'containers.conf') };
  }

  get #places(): readonly string[] {
    const folders = ['root', 'runroot', 'tmpdir'].flatMap((name) => [`--${name}`, join(this.folder, name)]);
    return [...folders, '--storage-driver=vfs', '--cgroup-manager=cgroupfs', '--events-backend=file'];
  }

  async #serve(): Promise<void> {
    this.#service = spawn('podman', [...this.#places, 'system', 'service', '--time', '0', this.host], {
      env: this.environment,
      stdio: 'ignore',
    });
    await vi.waitFor(() => this.docker('version'), PATIENCE);
  }

  /** What a test that was killed has left. */
  async #takeAway(): Promise<void> {
    const services = (await processesWith(this.folder)).filter(({ commandLine }) =>
      commandLine.includes('system service'),
    );
    for (const { pid } of services) kill(pid);
    await this.#serve();
    await this.dispose();
  }

  /** Docker's own client speaks to it. */
  async docker(...args: readonly string[]): Promise<string> {
    return (await run('docker', args, { env: this.environment })).stdout;
  }

  async kill(container: string): Promise<void> {
    await this.docker('kill', container);
  }

  async clear(): Promise<void> {
    const names = (await this.docker('ps', '--all', '--quiet')).split('\n').filter((name) => name !== '');
    if (names.length > 0) await this.docker('rm', '--force', ...names);
  }

  async dispose(): Promise<void> {
    await this.clear();
    this.#service?.kill('SIGTERM');
    if (this.#service !== null && this.#service.exitCode === null) await once(this.#service, 'exit');
    await run('podman', [...this.#places, 'system', 'reset', '--force'], { env: this.environment }).catch(
      () => undefined,
    );
    await rm(this.folder, { recursive: true, force: true });
  }
}
