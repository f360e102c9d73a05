import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { freeNetwork } from './free-network.ts';
import { own, takenOver } from './left-behind.ts';
import { processesWith } from './processes.ts';

const run = promisify(execFile);
const IMAGE_SCRIPT = join(import.meta.dirname, 'tiny-web-image.sh');

const PREFIX = 'drover-docker-';
const POLL_EVERY_MS = 50;
const PATIENCE_MS = 30_000;

export const TINY_WEB = 'tiny-web:1';

/** A Docker engine of a test's own, with an image that serves, in a folder of its own. What runs in it has ended when it is disposed of. */
export class DockerEngine {
  readonly folder: string;
  readonly host: string;
  /** Of the host; its name tells which folder it belongs to. */
  readonly #bridge: string;
  readonly #arguments: readonly string[];
  #daemon: ChildProcess | null = null;

  private constructor(folder: string, more: readonly string[]) {
    this.folder = folder;
    this.#arguments = more;
    this.#bridge = `drv-${basename(folder).slice(PREFIX.length)}`;
    this.host = `unix://${folder}/docker.sock`;
  }

  /** @param more arguments of `dockerd` */
  static async start(more: readonly string[] = []): Promise<DockerEngine> {
    // What cannot be taken away now is taken away by a later one.
    for (const folder of await takenOver(PREFIX)) await new DockerEngine(folder, []).#takeAway().catch(() => undefined);
    const engine = new DockerEngine(await mkdtemp(join(tmpdir(), PREFIX)), more);
    const bridge = engine.#bridge;
    await own(engine.folder);
    await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
    await run('ip', ['address', 'add', `${freeNetwork(30)}.1/24`, 'dev', bridge]);
    await run('ip', ['link', 'set', bridge, 'up']);
    await engine.startDaemon();
    await run('sh', [IMAGE_SCRIPT, TINY_WEB], { env: engine.environment });
    return engine;
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, DOCKER_HOST: this.host };
  }

  async startDaemon(): Promise<void> {
    const folders = ['data', 'exec'].map((name) => join(this.folder, name));
    const args = ['--data-root', folders[0], '--exec-root', folders[1], '--pidfile', join(this.folder, 'docker.pid')];
    // It changes nothing of the host's own network.
    const network = ['--bridge', this.#bridge, '--iptables=false', '--ip-forward=false'];
    this.#daemon = spawn('dockerd', ['--host', this.host, ...args, ...network, ...this.#arguments] as string[], {
      stdio: 'ignore',
      detached: true,
    });
    await until(() => this.docker('version'));
  }

  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = null;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
  }

  /** Cut off: it is there, and does not answer. */
  suspend(): void {
    this.#daemon?.kill('SIGSTOP');
  }

  resume(): void {
    this.#daemon?.kill('SIGCONT');
  }

  async docker(...args: readonly string[]): Promise<string> {
    return (await run('docker', args, { env: this.environment })).stdout;
  }

  /** Ends a container behind everybody's back. */
  async kill(container: string): Promise<void> {
    await this.docker('kill', container);
  }

  /** The names of all containers. */
  async containers(): Promise<readonly string[]> {
    return lines(await this.docker('ps', '--all', '--format', '{{.Names}}'));
  }

  /** The networks that are not the engine's own. */
  async networks(): Promise<readonly string[]> {
    return lines(await this.docker('network', 'ls', '--filter', 'type=custom', '--format', '{{.Name}}'));
  }

  /** Takes all containers and networks away. */
  async clear(): Promise<void> {
    const names = await this.containers();
    if (names.length > 0) await this.docker('rm', '--force', ...names);
    for (const name of await this.networks()) await this.docker('network', 'rm', name);
  }

  /** What a test that was killed has left: its daemon goes on, and so do its containers, with their interfaces. */
  async #takeAway(): Promise<void> {
    const daemons = async () =>
      (await processesWith(this.folder)).filter(({ commandLine }) => commandLine.startsWith('dockerd '));
    for (const { pid } of await daemons()) process.kill(pid, 'SIGTERM');
    await until(async () => (await daemons()).length === 0);
    // Tests keep removals from succeeding that way.
    await run('chattr', ['-R', '-i', join(this.folder, 'data', 'containers')]).catch(() => undefined);
    // The next one finds what the last one may have left, and takes it away.
    await this.dispose();
  }

  async dispose(): Promise<void> {
    if (this.#daemon === null) await this.startDaemon();
    await this.clear();
    await this.stopDaemon();
    await run('ip', ['link', 'delete', this.#bridge]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Until it is so, or does not fail any more. Also in benchmarks, where there is no `expect.poll`. */
async function until(isSo: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const failure = await isSo().then(
      (so) => (so === false ? new Error('it never came to be') : null),
      (error: unknown) => error,
    );
    if (failure === null) return;
    if (Date.now() > deadline) throw failure;
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
