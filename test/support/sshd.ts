import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { ownAddresses } from './exec-world.ts';
import { freePort } from './free-ports.ts';

export const SSHD = '/usr/sbin/sshd';
const MAX_TRIES = 400;
const TRY_INTERVAL_MS = 25;

/**
 * Hosts that are reached by ssh: a real sshd of the test's own on loopback addresses. Each address has a home of its own, where its shell
 * begins; that is all that tells it from the others.
 */
export class SshHosts {
  readonly folder: string;
  readonly port: number;
  readonly addresses: readonly string[];
  #server: ChildProcess | null = null;

  private constructor(folder: string, port: number, addresses: readonly string[]) {
    this.folder = folder;
    this.port = port;
    this.addresses = addresses;
  }

  /** Not let in yet: `resume` does that. */
  static async configured(count: number): Promise<SshHosts> {
    // Below a folder that others may write to sshd takes no keys, unless its own strictness is off.
    const folder = await mkdtemp(join(tmpdir(), 'drover-ssh-'));
    await chmod(folder, 0o755);
    const hosts = new SshHosts(folder, await freePort(), ownAddresses(count));
    await hosts.#configure();
    return hosts;
  }

  get user(): string {
    return userInfo().username;
  }

  get identityFile(): string {
    return join(this.folder, 'user-key');
  }

  get knownHostsFile(): string {
    return join(this.folder, 'known_hosts');
  }

  /** Where the shell of a host begins. */
  home(index: number): string {
    return join(this.folder, `host-${index}`);
  }

  /** What makes an sshd that of the hosts with these addresses. */
  sshdOptions(addresses: readonly string[]): string[] {
    const listening = addresses.flatMap((address) => ['-o', `ListenAddress=${address}`]);
    return ['-f', join(this.folder, 'sshd_config'), ...listening];
  }

  /** Nobody is let in any more; what runs on the hosts goes on. */
  async cutOff(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  async resume(): Promise<void> {
    if (this.#server !== null) return;
    await mkdir('/run/sshd', { recursive: true });
    this.#server = spawn(SSHD, ['-D', '-e', ...this.sshdOptions(this.addresses)], { stdio: 'ignore' });
    for (let tries = 0; !(await this.#listens()); tries += 1) {
      if (tries === MAX_TRIES) throw new Error('sshd does not listen');
      await new Promise((resolve) => setTimeout(resolve, TRY_INTERVAL_MS));
    }
  }

  async dispose(): Promise<void> {
    await this.cutOff();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #configure(): Promise<void> {
    const key = (name: string) =>
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.folder, name)]);
    key('host-key');
    key('user-key');
    await writeFile(join(this.folder, 'authorized_keys'), await readFile(`${this.identityFile}.pub`));
    const hostKey = (await readFile(join(this.folder, 'host-key.pub'), 'utf8')).trim();
    await writeFile(
      this.knownHostsFile,
      this.addresses.map((address) => `[${address}]:${this.port} ${hostKey}\n`).join(''),
    );
    for (const index of this.addresses.keys()) await mkdir(this.home(index));
    const hosts = this.addresses.map(
      (address, index) =>
        `Match LocalAddress ${address}\n  ForceCommand cd ${this.home(index)} && HOME=${this.home(index)} exec sh\n`,
    );
    const config = `Port ${this.port}
HostKey ${join(this.folder, 'host-key')}
AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
${hosts.join('')}`;
    await writeFile(join(this.folder, 'sshd_config'), config);
  }

  async #listens(): Promise<boolean> {
    const socket = connect(this.port, this.addresses.at(-1));
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
