import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Provider } from '../../src/ports/provider.ts';
import { libvirtProvider } from '../../src/providers/libvirt/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { ProviderWorld, ZonesWorld } from '../conformance/provider.ts';
import { GUEST, GUEST_ARGUMENTS, type LibvirtHost } from './libvirt-host.ts';

/** The small guest, emulated: valid anywhere, and quick to boot. */
export const guestSettings: JsonObject = {
  kernel: `${GUEST}/vmlinuz`,
  initrd: `${GUEST}/initrd.gz`,
  kernelArguments: GUEST_ARGUMENTS,
  memory: '96MiB',
  virtualization: 'qemu',
  network: 'servers',
  stopTimeout: '5s',
};

export function settings(written: JsonObject = {}): JsonObject {
  return libvirtProvider.settingsSchema('/').parse({ ...guestSettings, ...written });
}

/** The libvirt provider on libvirt hosts that tests share, with a data folder of its own. */
export class LibvirtWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings = settings({ stopTimeout: '1s' });
  readonly listening = this.settings;
  /** Several at once, emulated on a busy host, take a minute. */
  readonly maxTries = 3_000;
  readonly dataDir: string;
  readonly #hosts: readonly LibvirtHost[];
  readonly #opened: Provider[] = [];

  private constructor(dataDir: string, hosts: readonly LibvirtHost[]) {
    this.dataDir = dataDir;
    this.#hosts = hosts;
  }

  static async make(...hosts: readonly LibvirtHost[]): Promise<LibvirtWorld> {
    return new LibvirtWorld(await mkdtemp(join(tmpdir(), 'drover-libvirt-data-')), hosts);
  }

  /** What the fleet file says of the hosts: one is the only place, several are zones `a`, `b`, ... */
  get providerSettings(): JsonObject {
    const [only] = this.#hosts;
    const zones = this.#hosts.map(({ uri }, index) => [String.fromCharCode(97 + index), { uri }]);
    return this.#hosts.length === 1 ? { uri: only?.uri ?? '' } : { hosts: Object.fromEntries(zones) };
  }

  async open(fleet: string, providerSettings = this.providerSettings): Promise<Provider> {
    const provider = libvirtProvider.create({
      fleet,
      settings: libvirtProvider.providerSettingsSchema?.('/').parse(providerSettings) ?? {},
      dataDir: this.dataDir,
      clock: this.clock,
      onProblem: () => undefined,
    });
    this.#opened.push(provider);
    return provider;
  }

  get zones(): ZonesWorld {
    return {
      names: this.#hosts.map((_, index) => String.fromCharCode(97 + index)),
      cutOff: (zone) => this.#host(zone).stopDaemon(),
      join: (zone) => this.#host(zone).startDaemon(),
    };
  }

  async crash({ id, zone }: Machine): Promise<void> {
    await this.#host(zone).kill(id.slice(id.indexOf(':') + 1));
  }

  #host(zone: string | null): LibvirtHost {
    const host = this.#hosts[zone === null ? 0 : zone.charCodeAt(0) - 97];
    if (host === undefined) throw new Error(`there is no host ${zone}`);
    return host;
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    for (const host of this.#hosts) await host.clear();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
