import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { freePort } from './free-ports.ts';
import type { LibvirtHost } from './libvirt-host.ts';

const run = promisify(execFile);
const SSHD = '/usr/sbin/sshd';

/** An sshd of a test's own on loopback, with keys of its own: the way to a host that can be cut off. */
export class SshGate {
  readonly #folder: string;
  readonly #port: number;
  #daemon: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** @param environment of whoever comes in */
  static async open(environment: Readonly<Record<string, string>> = {}): Promise<SshGate> {
    const gate = new SshGate(await mkdtemp(join(tmpdir(), 'drover-sshd-')), await freePort());
    await gate.#makeKeys(environment);
    await gate.open();
    return gate;
  }

  /** In a URL. */
  get destination(): string {
    return `root@127.0.0.1:${this.#port}`;
  }

  /** A folder with an `ssh` that has the keys: for the PATH of those who have no other way to name them. */
  get programs(): string {
    return this.#folder;
  }

  /** Of a host that has another key than is known of it. */
  async forgetHost(): Promise<void> {
    const other = (await readFile(this.#path('key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(this.#path('known'), `[127.0.0.1]:${this.#port} ${other}\n`);
  }

  /** It lets nobody's key in. */
  async refuseKeys(): Promise<void> {
    await writeFile(this.#path('authorized'), '');
  }

  /** The host by way of this sshd, as this user. */
  uriOf(host: LibvirtHost): string {
    const parameters = [
      `socket=${host.folder}/run/libvirt-sock`,
      `keyfile=${this.#path('key')}`,
      `command=${this.#path('ssh')}`,
    ];
    return `qemu+ssh://${this.destination}/system?${parameters.join('&')}`;
  }

  async open(): Promise<void> {
    // Where sshd leaves its rights; Debian's service makes it.
    await mkdir('/run/sshd', { recursive: true });
    this.#daemon = spawn(SSHD, ['-D', '-f', this.#path('sshd_config')], { stdio: 'ignore' });
    await vi.waitFor(async () => {
      const socket = connect(this.#port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
    });
  }

  /** Nobody comes through any more. */
  async close(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    this.#daemon = null;
    // Those who are in are not thrown out by its end.
    await run('pkill', ['-KILL', '--parent', String(daemon.pid)]).catch(() => undefined);
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
  }

  async dispose(): Promise<void> {
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #makeKeys(environment: Readonly<Record<string, string>>): Promise<void> {
    for (const name of ['hostkey', 'key'])
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.#path(name)]);
    await copyFile(this.#path('key.pub'), this.#path('authorized'));
    const hostKey = (await readFile(this.#path('hostkey.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(this.#path('known'), `[127.0.0.1]:${this.#port} ${hostKey}\n`);
    const lines = [
      `Port ${this.#port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${this.#path('hostkey')}`,
      `AuthorizedKeysFile ${this.#path('authorized')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PidFile none',
      ...Object.entries(environment).map(([name, value]) => `SetEnv ${name}=${value}`),
    ];
    await writeFile(this.#path('sshd_config'), `${lines.join('\n')}\n`);
    const options = `-F none -o UserKnownHostsFile=${this.#path('known')} -i ${this.#path('key')} -o IdentitiesOnly=yes`;
    await writeFile(this.#path('ssh'), `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n`);
    await chmod(this.#path('ssh'), 0o700);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
