import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import { freeNetwork } from './free-network.ts';
import { freePort } from './free-ports.ts';
import { isRunning } from './processes.ts';

const run = promisify(execFile);
/** Also outside of a test, where `expect.poll` does not work. */
const PATIENCE = { timeout: 30_000, interval: 50 };
const DAEMON = ['/usr/libexec/incus/incusd', '/opt/incus/bin/incusd', '/usr/lib/incus/incusd'];

const INIT = `::sysinit:/etc/rc
::respawn:/bin/httpd -f -p 80 -h /www
::shutdown:/bin/true
`;
const RC = `#!/bin/sh
export PATH=/bin:/sbin
hostname > /www/index.html
echo ok > /www/health
ip link set lo up
ip link set eth0 up
udhcpc -i eth0 -q -n -f -t 30 -T 1 -A 1 -s /etc/dhcp
`;
const DHCP = `#!/bin/sh
case $1 in
  bound | renew) ip addr replace "$ip/$mask" dev "$interface" ;;
esac
`;

/**
 * An Incus server of a test's own in a folder, with a storage pool, a network and an image (`tiny`: busybox, which serves its host name on port 80). What
 * runs in it has ended when it is disposed of.
 */
export class IncusHost {
  readonly folder: string;
  readonly #network = `drv${randomInt(2 ** 32).toString(36)}`;
  #hasNetwork = false;
  #daemon: ChildProcess | null = null;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(): Promise<IncusHost> {
    const host = await IncusHost.#bare();
    await host.incus('storage', 'create', 'default', 'dir');
    const addresses = [
      `ipv4.address=${freeNetwork(29)}.1/24`,
      'ipv4.nat=false',
      'ipv4.firewall=false',
      'ipv6.address=none',
    ];
    host.#hasNetwork = true;
    await host.#untilDone(['network', 'create', host.#network, ...addresses], /already exists/);
    await host.incus('profile', 'device', 'add', 'default', 'root', 'disk', 'path=/', 'pool=default');
    await host.incus('profile', 'device', 'add', 'default', 'eth0', 'nic', `network=${host.#network}`);
    await host.#addImage();
    return host;
  }

  /** A cluster of two members, `a` and `b`, whose machines have no network. */
  static async startCluster(): Promise<readonly [IncusHost, IncusHost]> {
    const [a, b] = [await IncusHost.#bare(), await IncusHost.#bare()];
    await a.incus('config', 'set', 'core.https_address', `127.0.0.1:${await freePort()}`);
    await a.incus('storage', 'create', 'default', 'dir');
    await a.incus('cluster', 'enable', 'a');
    await a.incus('config', 'set', 'cluster.offline_threshold', '11');
    const token = (await a.incus('cluster', 'add', 'b')).trim().split('\n').at(-1) ?? '';
    const server_address = `127.0.0.1:${await freePort()}`;
    const cluster = { enabled: true, server_name: 'b', server_address, cluster_token: token, member_config: [] };
    await b.#run(['admin', 'init', '--preseed'], JSON.stringify({ cluster }));
    await a.incus('profile', 'device', 'add', 'default', 'root', 'disk', 'path=/', 'pool=default');
    await a.#addImage();
    return [a, b];
  }

  static async #bare(): Promise<IncusHost> {
    // Root in a container is another user, who has to get through all of the folders above.
    const host = new IncusHost(await mkdtemp('/var/tmp/drover-incus-'));
    await chmod(host.folder, 0o711);
    await host.startDaemon();
    return host;
  }

  get socket(): string {
    return join(this.folder, 'incus', 'unix.socket');
  }

  async startDaemon(): Promise<void> {
    await mkdir(join(this.folder, 'incus'), { recursive: true });
    const program = DAEMON.find((path) => existsSync(path)) ?? 'incusd';
    const args = ['--group', 'root', '--logfile', join(this.folder, 'log')];
    this.#daemon = spawn(program, args, { stdio: 'ignore', detached: true, env: this.#environment });
    await vi.waitFor(() => this.incus('admin', 'waitready', '--timeout', '30'), PATIENCE);
  }

  /** Ends the server; machines go on. */
  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    this.#daemon = null;
  }

  async incus(...args: readonly string[]): Promise<string> {
    return this.#run(args, '');
  }

  /** Some commands read their configuration from their input, whatever it is. */
  async #run(args: readonly string[], input: string): Promise<string> {
    const call = run('incus', args, { env: this.#environment });
    // It may end without having read it.
    call.child.stdin?.on('error', () => undefined);
    call.child.stdin?.end(input);
    return (await call).stdout;
  }

  async instances(): Promise<readonly string[]> {
    return (await this.incus('list', '--format', 'csv', '--columns', 'n')).split('\n').filter((name) => name !== '');
  }

  /** Kills a machine's first process behind Incus's back. */
  async kill(name: string): Promise<void> {
    const state = z
      .object({ pid: z.number() })
      .parse(JSON.parse(await this.incus('query', `/1.0/instances/${name}/state`)));
    process.kill(state.pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await isRunning(state.pid)).toBe(false), PATIENCE);
  }

  /** Lets the server listen on HTTPS, too, and makes a client certificate that it does not trust yet. */
  async listenOnHttps(): Promise<Record<'url' | 'serverCertificate' | 'certificate' | 'key', string>> {
    const address = `127.0.0.1:${await freePort()}`;
    await this.incus('config', 'set', 'core.https_address', address);
    const [certificate, key] = [join(this.folder, 'client.crt'), join(this.folder, 'client.key')];
    const subject = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', '/CN=drover', '-days', '2'];
    await run('openssl', ['req', '-x509', '-nodes', ...subject, '-keyout', key, '-out', certificate]);
    const serverCertificate = join(this.folder, 'incus', 'server.crt');
    return { url: `https://${address}`, serverCertificate, certificate, key };
  }

  /** Takes all machines away. */
  async clear(): Promise<void> {
    for (const name of await this.instances()) await this.incus('delete', '--force', name);
  }

  /** Incus gives up where an interface of anybody else's goes away while it looks at all of them. */
  async #untilDone(args: readonly string[], isDone: RegExp): Promise<void> {
    await vi.waitFor(async () => {
      const error = await this.incus(...args).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (error !== null && !isDone.test(String(error))) throw error;
    }, PATIENCE);
  }

  async dispose(): Promise<void> {
    if (this.#daemon === null) await this.startDaemon();
    await this.clear();
    if (this.#hasNetwork) {
      await this.incus('profile', 'device', 'remove', 'default', 'eth0');
      await this.#untilDone(['network', 'delete', this.#network], /not found/);
    }
    await this.leave();
  }

  /** Ends the server and removes its folder: for a member of a cluster whose machines are gone. */
  async leave(): Promise<void> {
    await this.stopDaemon();
    const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
    for (const mount of mounts.filter((path) => path.startsWith(`${this.folder}/`)).toReversed())
      await run('umount', [mount]);
    await rm(this.folder, { recursive: true, force: true });
  }

  get #environment(): NodeJS.ProcessEnv {
    return { ...process.env, INCUS_DIR: join(this.folder, 'incus'), INCUS_CONF: join(this.folder, 'client') };
  }

  async #addImage(): Promise<void> {
    const image = join(this.folder, 'image');
    const root = join(image, 'rootfs');
    for (const folder of ['bin', 'sbin', 'dev', 'proc', 'sys', 'etc', 'tmp', 'run', 'www', 'root']) {
      await mkdir(join(root, folder), { recursive: true });
    }
    await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
    const applets = (await run('/bin/busybox', ['--list'])).stdout.trim().split('\n');
    for (const applet of applets) if (applet !== 'busybox') await symlink('busybox', join(root, 'bin', applet));
    await symlink('../bin/busybox', join(root, 'sbin', 'init'));
    await writeFile(join(root, 'etc', 'inittab'), INIT);
    for (const [name, text] of [
      ['rc', RC],
      ['dhcp', DHCP],
    ] as const) {
      await writeFile(join(root, 'etc', name), text);
      await chmod(join(root, 'etc', name), 0o755);
    }
    await writeFile(join(image, 'metadata.yaml'), 'architecture: x86_64\ncreation_date: 1700000000\n');
    const archive = join(this.folder, 'image.tar');
    await run('tar', ['-C', image, '-cf', archive, 'metadata.yaml', 'rootfs']);
    await this.incus('image', 'import', archive, '--alias', 'tiny');
  }
}
