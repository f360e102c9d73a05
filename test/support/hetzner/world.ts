import { env } from 'node:process';
import { expect } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Machine } from '../../../src/model/observation.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Provider, ProviderContext } from '../../../src/ports/provider.ts';
import { hetznerProvider } from '../../../src/providers/hetzner/index.ts';
import { systemClock } from '../../../src/system/clock.ts';
import type { ProviderWorld } from '../../conformance/provider.ts';
import { FakeHetzner, READ_ONLY_TOKEN, TOKEN } from './fake-api.ts';
import type { Machines } from './project.ts';

/** Where the tests' providers read their tokens. */
const TOKEN_VARIABLE = 'DROVER_TEST_HETZNER_TOKEN';
export const READ_ONLY_VARIABLE = 'DROVER_TEST_HETZNER_READ_ONLY_TOKEN';
env[TOKEN_VARIABLE] = TOKEN;
env[READ_ONLY_VARIABLE] = READ_ONLY_TOKEN;

const LOCATIONS = ['nbg1', 'fsn1'];

/** The Hetzner provider on a project of its own. */
export class HetznerWorld implements ProviderWorld {
  readonly fake: FakeHetzner;
  readonly clock: Clock;
  readonly settings = templateSettings({});
  readonly listening = this.settings;
  readonly zones = { names: LOCATIONS };
  readonly problems: string[] = [];
  readonly #opened: Provider[] = [];

  private constructor(fake: FakeHetzner, clock: Clock) {
    this.fake = fake;
    this.clock = clock;
  }

  static async make(options: { readonly machines?: Machines; readonly clock?: Clock } = {}): Promise<HetznerWorld> {
    const world = new HetznerWorld(await FakeHetzner.start(options.machines), options.clock ?? systemClock);
    world.fake.project.addSshKey('ops');
    return world;
  }

  async open(fleet: string): Promise<Provider> {
    const provider = hetznerProvider.create(this.context(fleet));
    this.#opened.push(provider);
    return provider;
  }

  context(fleet: string, more: JsonObject = {}): ProviderContext {
    const { endpoint } = this.fake;
    const written = { token: { variable: TOKEN_VARIABLE }, endpoint, locations: LOCATIONS, ...more };
    const settings = hetznerProvider.providerSettingsSchema?.('/').parse(written) ?? {};
    return {
      fleet,
      settings,
      dataDir: '/nonexistent',
      clock: this.clock,
      onProblem: (message) => void this.problems.push(message),
    };
  }

  async fill(location: string | null): Promise<void> {
    this.fake.project.conditions.full.add(location ?? '');
  }

  /** Turns a server off that runs. */
  async crash({ id }: Machine): Promise<void> {
    await expect.poll(() => this.fake.project.server(Number(id)).status).toBe('running');
    this.fake.project.powerOff(Number(id));
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await this.fake.close();
    expect(this.fake.violations).toEqual([]);
  }
}

export function templateSettings(written: JsonObject): JsonObject {
  const settings = { image: 'debian-13', serverType: 'cx23', sshKeys: ['ops'], ...written };
  return hetznerProvider.settingsSchema('/').parse(settings);
}
