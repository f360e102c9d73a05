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

/** An sshd of a test's own on loopback, with keys of its own: the way to a libvirt host that can be cut off. */
export class SshGate {
  readonly #folder: string;
  readonly #port: number;
  #daemon: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async open(): Promise<SshGate> {
    const gate = new SshGate(await mkdtemp(join(tmpdir(), 'drover-sshd-')), await freePort());
    await gate.#makeKeys();
    await gate.open();
    return gate;
  }

  /** The host by way of this sshd, as this user. */
  uriOf(host: LibvirtHost): string {
    const parameters = [
      `socket=${host.folder}/run/libvirt-sock`,
      `keyfile=${this.#path('key')}`,
      `command=${this.#path('ssh')}`,
    ];
    return `qemu+ssh://root@127.0.0.1:${this.#port}/system?${parameters.join('&')}`;
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
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    this.#daemon = null;
  }

  async dispose(): Promise<void> {
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #makeKeys(): Promise<void> {
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
    ];
    await writeFile(this.#path('sshd_config'), `${lines.join('\n')}\n`);
    const options = `-F none -o UserKnownHostsFile=${this.#path('known')} -o IdentitiesOnly=yes`;
    await writeFile(this.#path('ssh'), `#!/bin/sh\nexec ssh ${options} "$@"\n`);
    await chmod(this.#path('ssh'), 0o700);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
