import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Provider } from '../../src/ports/provider.ts';
import { awsProvider } from '../../src/providers/aws/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { ProviderWorld, ZonesWorld } from '../conformance/provider.ts';
import { FakeEc2 } from './fake-ec2.ts';

export function settings(written: JsonObject = {}): JsonObject {
  return awsProvider.settingsSchema('/').parse({ image: 'ami-12345678', instanceType: 't3.micro', ...written });
}

/** Opens the provider as a fleet file's entry describes it. */
export function openAws(fleet: string, written: JsonObject, dataDir: string): Provider {
  const ownSettings = awsProvider.providerSettingsSchema?.(dataDir).parse({ region: 'eu-test-1', ...written }) ?? {};
  return awsProvider.create({ fleet, settings: ownSettings, dataDir, clock: systemClock, onProblem: () => undefined });
}

/** The aws provider on a fake EC2, with an access key in files. */
export class AwsWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings = settings();
  readonly listening = this.settings;
  readonly ec2: FakeEc2;
  readonly dataDir: string;
  readonly zones?: ZonesWorld;
  /** What the fleet file says of the zones; empty for the account's one default subnet. */
  readonly #subnets: JsonObject;
  readonly #opened: Provider[] = [];

  private constructor(ec2: FakeEc2, dataDir: string, zones: readonly string[]) {
    this.ec2 = ec2;
    this.dataDir = dataDir;
    const subnets = zones.map((zone, index) => [zone, { subnet: subnetId(index) }]);
    this.#subnets = zones.length > 0 ? { zones: Object.fromEntries(subnets) } : {};
    if (zones.length > 0) this.zones = { names: zones };
  }

  /** @param zones of the provider: each has one of the subnets */
  static async make(subnets?: readonly string[], zones: readonly string[] = []): Promise<AwsWorld> {
    const dataDir = await mkdtemp(join(tmpdir(), 'drover-aws-'));
    await writeFile(join(dataDir, 'key-id'), 'AKIDTEST\n');
    await writeFile(join(dataDir, 'key'), 'secret-of-tests\n');
    return new AwsWorld(await FakeEc2.start(subnets), dataDir, zones);
  }

  get credentials(): JsonObject {
    return {
      accessKeyId: { file: join(this.dataDir, 'key-id') },
      secretAccessKey: { file: join(this.dataDir, 'key') },
    };
  }

  async open(fleet: string, written: JsonObject = {}): Promise<Provider> {
    const provider = openAws(
      fleet,
      { endpoint: this.ec2.url, credentials: this.credentials, ...this.#subnets, ...written },
      this.dataDir,
    );
    this.#opened.push(provider);
    return provider;
  }

  async fill(zone: string | null): Promise<void> {
    const full = subnetId(Math.max(0, this.zones?.names.indexOf(zone ?? '') ?? 0));
    this.ec2.capacity = (_, subnet) => (subnet === full ? 'InsufficientInstanceCapacity' : null);
  }

  async crash({ id }: Machine): Promise<void> {
    this.ec2.stop(id);
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await this.ec2.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** As the fake EC2 numbers them. */
function subnetId(index: number): string {
  return `subnet-0000000${index}`;
}
