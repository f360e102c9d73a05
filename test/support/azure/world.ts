import { env } from 'node:process';
import { expect } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Machine } from '../../../src/model/observation.ts';
import type { Provider, ProviderContext } from '../../../src/ports/provider.ts';
import { azureProvider } from '../../../src/providers/azure/index.ts';
import { systemClock } from '../../../src/system/clock.ts';
import type { ProviderWorld } from '../../conformance/provider.ts';
import { CLIENT, CLIENT_SECRET, FakeAzure, TENANT } from './fake-azure.ts';
import { GROUP, type Machines, SUBSCRIPTION } from './subscription.ts';

const SECRET_VARIABLE = 'DROVER_TEST_AZURE_SECRET';
env[SECRET_VARIABLE] = CLIENT_SECRET;

const ZONES = ['1', '2'];
const SUBNET = `/subscriptions/${SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/a/subnets/b`;

/** The Azure provider on a subscription of its own. */
export class AzureWorld implements ProviderWorld {
  readonly fake: FakeAzure;
  readonly clock = systemClock;
  readonly settings = templateSettings({});
  readonly listening = this.settings;
  readonly zones = { names: ZONES };
  readonly problems: string[] = [];
  readonly #opened: Provider[] = [];

  private constructor(fake: FakeAzure) {
    this.fake = fake;
  }

  static async make(machines?: Machines): Promise<AzureWorld> {
    return new AzureWorld(await FakeAzure.start(machines));
  }

  async open(fleet: string): Promise<Provider> {
    const provider = azureProvider.create(this.context(fleet));
    this.#opened.push(provider);
    return provider;
  }

  /** An entry of `providers`, as a person writes it. */
  written(more: JsonObject = {}): JsonObject {
    const { endpoint, caFile } = this.fake;
    return {
      subscriptionId: SUBSCRIPTION,
      resourceGroup: GROUP,
      location: 'westeurope',
      zones: ZONES,
      credential: { kind: 'clientSecret', tenantId: TENANT, clientId: CLIENT, secret: { variable: SECRET_VARIABLE } },
      endpoint,
      authority: endpoint,
      caFile,
      ...more,
    };
  }

  context(fleet: string, more: JsonObject = {}): ProviderContext {
    const settings = azureProvider.providerSettingsSchema?.('/').parse(this.written(more)) ?? {};
    return {
      fleet,
      settings,
      dataDir: '/nonexistent',
      clock: this.clock,
      onProblem: (message) => void this.problems.push(message),
    };
  }

  async fill(zone: string | null): Promise<void> {
    this.fake.subscription.conditions.full.add(`${zone}/Standard_B2s`);
  }

  /** Switches a machine off that runs. */
  async crash({ id }: Machine): Promise<void> {
    await expect.poll(() => this.fake.subscription.isRunning(id)).toBe(true);
    this.fake.subscription.powerOff(id);
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await this.fake.close();
  }
}

/** What a person writes in a launch template. */
export const TEMPLATE: JsonObject = {
  image: { publisher: 'Debian', offer: 'debian-13', sku: '13-gen2' },
  vmSize: 'Standard_B2s',
  subnet: SUBNET,
  sshPublicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA ops',
};

export function templateSettings(written: JsonObject): JsonObject {
  return azureProvider.settingsSchema('/').parse({ ...TEMPLATE, ...written });
}
