import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Provider, ProviderContext } from '../../src/ports/provider.ts';
import { staticProvider } from '../../src/providers/static/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { ProviderWorld } from '../conformance/provider.ts';
import { kill } from './processes.ts';
import { SshHosts } from './sshd.ts';

const HELLO = join(import.meta.dirname, '..', '..', 'examples', 'hello', 'server.js');

/** What an administrator has on each host: a service that is started, stopped and asked. */
const SERVICE = `#!/bin/sh
case $1 in
  start)
    if [ -e fail ]; then echo 'the disk is broken' >&2; exit 3; fi
    if "$0" status; then exit 0; fi
    echo start >>history
    HOST=$DROVER_ADDRESS PORT=8080 setsid ${process.execPath} ${HELLO} &
    echo $! >pid ;;
  stop) if [ -e pid ]; then kill "$(cat pid)" 2>/dev/null; rm -f pid; fi; exit 0 ;;
  restart) "$0" stop; "$0" start ;;
  status) [ -e pid ] && kill -0 "$(cat pid)" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$(cat pid)/status" ;;
esac
`;

/** What stands for the boards that switch hosts on and reset them: `bmc on h0`. A host does not start its service by itself. */
const BMC = `#!/bin/sh
cd "$(dirname "$0")/host-$(echo "$2" | tr -d h)" || exit 1
echo "$1" >>power
if [ "$1" = reset ] && [ -e unpowered ]; then echo 'Command not supported in present state' >&2; exit 1; fi
if [ -e dead ]; then exit 0; fi
./service stop
rm -f off fail
`;

/** A shell on a host that may be off. */
const SHELL = 'if [ -e off ]; then echo "no route to host" >&2; exit 255; fi; exec sh';

/** The host's clock, which a test may put forward. */
class ForwardClock implements Clock {
  #ms = 0;

  now(): number {
    return systemClock.now() + this.#ms;
  }

  steadyMs(): number {
    return systemClock.steadyMs() + this.#ms;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }

  forward(ms: number): void {
    this.#ms += ms;
  }
}

/** The static provider on hosts that a real sshd stands for. */
export class StaticWorld implements ProviderWorld {
  readonly clock = new ForwardClock();
  readonly settings: JsonObject;
  readonly listening: JsonObject;
  readonly hosts: SshHosts;
  readonly dataDir: string;
  readonly #isLocal: boolean;
  readonly #opened: Provider[] = [];

  private constructor(hosts: SshHosts, dataDir: string, isLocal: boolean) {
    this.#isLocal = isLocal;
    this.hosts = hosts;
    this.dataDir = dataDir;
    this.settings = staticProvider.settingsSchema('/').parse(this.template());
    this.listening = this.settings;
  }

  /** Hosts that are reached by ssh. */
  static async ssh(count: number): Promise<StaticWorld> {
    const hosts = await SshHosts.configured(count);
    await hosts.resume();
    return await StaticWorld.#make(hosts, false);
  }

  /** Hosts that are reached by ssh while they are on; they are off at first. */
  static async boards(count: number): Promise<StaticWorld> {
    return await StaticWorld.#make(await SshHosts.configured(count), false);
  }

  /** Hosts that are reached by an argument list that this host runs: a shell that begins in a folder of its own. */
  static async local(count: number): Promise<StaticWorld> {
    return await StaticWorld.#make(await SshHosts.configured(count), true);
  }

  static async #make(hosts: SshHosts, isLocal: boolean): Promise<StaticWorld> {
    const world = new StaticWorld(hosts, await mkdtemp(join(tmpdir(), 'drover-static-')), isLocal);
    await writeFile(world.bmc, BMC, { mode: 0o755 });
    for (const index of hosts.addresses.keys())
      await writeFile(join(hosts.home(index), 'service'), SERVICE, { mode: 0o755 });
    return world;
  }

  /** A launch template's settings as a fleet file has them. */
  template(more: JsonObject = {}): JsonObject {
    const service = (verb: string) => ['./service', verb];
    return { start: service('start'), stop: service('stop'), status: service('status'), ...more };
  }

  #shell(index: number): JsonObject {
    const home = this.hosts.home(index);
    return this.#isLocal ? { shell: ['env', `--chdir=${home}`, `HOME=${home}`, 'sh', '-c', SHELL] } : {};
  }

  /** An entry of `providers` as a fleet file has it; hosts are h0, h1, ... */
  entry(more: JsonObject = {}): JsonObject {
    const { port, identityFile, knownHostsFile, user } = this.hosts;
    return {
      hosts: Object.fromEntries(
        this.hosts.addresses.map((address, index) => [`h${index}`, { address, ...this.#shell(index) }]),
      ),
      ssh: { port, identityFile, knownHostsFile, user },
      directory: 'drover',
      quarantine: '0s',
      ...more,
    };
  }

  context(fleet: string, more: JsonObject = {}): ProviderContext {
    return {
      fleet,
      settings: staticProvider.providerSettingsSchema?.('/').parse(this.entry(more)) ?? {},
      dataDir: this.dataDir,
      clock: this.clock,
      onProblem: () => undefined,
    };
  }

  async open(fleet: string, more: JsonObject = {}): Promise<Provider> {
    const provider = staticProvider.create(this.context(fleet, more));
    this.#opened.push(provider);
    return provider;
  }

  /** The program that stands for the hosts' boards; what it was asked for is in `power` of each home. */
  get bmc(): string {
    return join(this.hosts.folder, 'bmc');
  }

  /** How often a host was switched on or reset. */
  async powerLog(index: number): Promise<string> {
    return await readFile(join(this.hosts.home(index), 'power'), 'utf8').catch(() => '');
  }

  /** A local host has no power any more, or hangs: neither its shell nor its server answers. */
  async goesDown(index: number): Promise<void> {
    await writeFile(join(this.hosts.home(index), 'off'), '');
    const pid = await this.pidOn(index);
    if (pid !== null) kill(pid);
  }

  /** The process that serves on a host; null where there is none. */
  async pidOn(index: number): Promise<number | null> {
    const text = await readFile(join(this.hosts.home(index), 'pid'), 'utf8').catch(() => null);
    return text === null ? null : Number(text);
  }

  /** Somebody starts a host's service by hand. */
  async serveOn(index: number): Promise<void> {
    const home = this.hosts.home(index);
    const env = { PATH: process.env.PATH, DROVER_ADDRESS: this.hosts.addresses[index] };
    execFileSync(join(home, 'service'), ['start'], { cwd: home, env, stdio: 'ignore' });
  }

  async crash({ zone }: Machine): Promise<void> {
    kill((await this.pidOn(Number(zone?.slice(1)))) ?? 0);
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    for (const index of this.hosts.addresses.keys()) {
      const pid = await this.pidOn(index);
      if (pid !== null) kill(pid);
    }
    await this.hosts.dispose();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
