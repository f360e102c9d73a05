import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Finding, Provider, ProviderContext } from '../../src/ports/provider.ts';
import { vagrantProvider } from '../../src/providers/vagrant/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { ProviderWorld } from '../conformance/provider.ts';

/** What machines live in: a Docker engine, or libvirt. */
export interface MachineHost {
  /** What the fleet file says of the provider. */
  readonly providerSettings: JsonObject;
  /** What the launch template says. */
  readonly template: JsonObject;
  /** Ends a machine behind everybody's back. */
  kill(name: string): Promise<void>;
  /** Takes all machines away. */
  clear(): Promise<void>;
}

/** The Vagrant provider on a host that tests share, with a data folder and a Vagrant home of its own. */
export class VagrantWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings: JsonObject;
  readonly listening: JsonObject;
  readonly folder: string;
  readonly host: MachineHost;
  readonly #opened: Provider[] = [];
  readonly #fleets = new Map<string, string>();

  private constructor(folder: string, host: MachineHost) {
    this.folder = folder;
    this.host = host;
    this.settings = this.template();
    this.listening = this.settings;
  }

  static async make(host: MachineHost): Promise<VagrantWorld> {
    const world = new VagrantWorld(await mkdtemp(join(tmpdir(), 'drover-vagrant-')), host);
    await mkdir(world.dataDir, { mode: 0o700 });
    return world;
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  template(more: JsonObject = {}): JsonObject {
    return vagrantProvider.settingsSchema('/').parse({ ...this.host.template, ...more });
  }

  context(fleet: string, more: JsonObject = {}): ProviderContext {
    const written = { home: join(this.folder, 'home'), ...this.host.providerSettings, ...more };
    const settings = vagrantProvider.providerSettingsSchema?.('/').parse(written) ?? {};
    return { fleet, settings, dataDir: this.dataDir, clock: this.clock, onProblem: () => undefined };
  }

  async open(fleet: string, more: JsonObject = {}): Promise<Provider> {
    const provider = vagrantProvider.create(this.context(fleet, more));
    this.#opened.push(provider);
    this.#fleets.set(fleet, fleet);
    return provider;
  }

  diagnose(more: JsonObject = {}): Promise<readonly Finding[]> {
    return vagrantProvider.diagnose?.(this.context('f', more), new AbortController().signal) ?? Promise.resolve([]);
  }

  /** The folders of machines that are there. */
  async machines(): Promise<readonly string[]> {
    return (await readdir(this.dataDir)).filter((name) => !name.startsWith('.'));
  }

  async crash({ instanceId }: Machine): Promise<void> {
    const name = [...this.#fleets.keys()].map((fleet) => `${fleet}-${instanceId}`)[0] ?? '';
    await this.host.kill(name);
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await this.host.clear();
    await rm(this.folder, { recursive: true, force: true });
  }
}
