import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import { freeNetwork } from './free-network.ts';
import { isRunning } from './processes.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'libvirtd.sh');

/** Also outside of a test, where `expect.poll` does not work. */
const PATIENCE = { timeout: 20_000, interval: 50 };

/** The small guest that `scripts/build-test-guest.sh` makes. */
export const GUEST = '/usr/local/share/drover-test-guest';
export const GUEST_ARGUMENTS =
  'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on';

/**
 * A libvirt host of a test's own: libvirtd in a folder, with a network (`servers`) that gives addresses, and a storage pool (`default`). What
 * runs in it has ended when it is disposed of.
 */
export class LibvirtHost {
  readonly folder: string;
  readonly uri: string;
  readonly #bridge: string;
  #daemon: ChildProcess | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.uri = `qemu+unix:///system?socket=${folder}/run/libvirt-sock`;
    this.#bridge = `drv${randomInt(2 ** 32).toString(36)}`;
  }

  /** @param addresses that the network gives out, at most 200 */
  static async start(addresses = 200): Promise<LibvirtHost> {
    const host = new LibvirtHost(await mkdtemp(join(tmpdir(), 'drover-libvirt-')));
    await host.startDaemon();
    await host.#addNetwork(addresses);
    await host.virsh('pool-create-as', 'default', 'dir', '--target', host.#path('images'));
    return host;
  }

  /** Starts libvirtd; it takes over what an earlier one left running. */
  async startDaemon(): Promise<void> {
    this.#daemon = spawn('sh', [SCRIPT, this.folder], { stdio: 'ignore', detached: true });
    await vi.waitFor(() => this.virsh('list'), PATIENCE);
  }

  /** Ends libvirtd; machines go on. */
  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    this.#daemon = null;
  }

  async virsh(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, LC_ALL: 'C' };
    return (await run('virsh', ['--quiet', '--connect', this.uri, ...args], { env })).stdout;
  }

  async domains(): Promise<readonly string[]> {
    return lines(await this.virsh('list', '--all', '--name'));
  }

  /** The volumes of the pool. */
  async volumes(): Promise<readonly string[]> {
    await this.virsh('pool-refresh', 'default');
    return lines(await this.virsh('vol-list', 'default')).map((line) => line.split(/\s+/)[0] ?? '');
  }

  /** The process of a running machine. */
  async pidOf(domain: string): Promise<number> {
    return Number(await readFile(this.#path('run', 'qemu', `${domain}.pid`), 'utf8'));
  }

  /** Kills a machine's process behind libvirt's back. */
  async kill(domain: string): Promise<void> {
    const pid = await this.pidOf(domain);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false), PATIENCE);
  }

  /** A small base image in the pool, by the name of its volume. It begins with `content`. */
  async addBaseImage(volume: string, content = 'base'): Promise<void> {
    const raw = this.#path(`${volume}.raw`);
    await writeFile(raw, Buffer.concat([Buffer.from(content)], 1024 * 1024));
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, this.#path('images', volume)]);
    await this.virsh('pool-refresh', 'default');
  }

  /** Takes all machines away. */
  async clear(): Promise<void> {
    for (const domain of lines(await this.virsh('list', '--name'))) await this.virsh('destroy', domain);
    for (const domain of await this.domains()) await this.virsh('undefine', domain);
  }

  async dispose(): Promise<void> {
    if (this.#daemon === null) await this.startDaemon();
    await this.clear();
    await this.virsh('net-destroy', 'servers');
    await this.stopDaemon();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #addNetwork(addresses: number): Promise<void> {
    const net = freeNetwork(29);
    const file = this.#path('network.xml');
    await writeFile(
      file,
      `<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>
  <name>servers</name>
  <bridge name='${this.#bridge}' stp='off' delay='0'/>
  <ip address='${net}.1' netmask='255.255.255.0'>
    <dhcp><range start='${net}.10' end='${net}.${9 + addresses}'/></dhcp>
  </ip>
  <dnsmasq:options><dnsmasq:option value='dhcp-no-override'/><dnsmasq:option value='no-ping'/></dnsmasq:options>
</network>
`,
    );
    await this.virsh('net-create', file);
  }

  #path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }
}

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
