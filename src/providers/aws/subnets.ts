import type { Subnet } from '@aws-sdk/client-ec2';
import { PortError } from '../../ports/errors.ts';
import type { Ec2 } from './ec2.ts';
import type { AwsSettings } from './provider-settings.ts';

const SUBNET_ID = /^subnet-[0-9a-f]{8,32}$/;

/** The subnets of a provider's zones, by id or by name. A name is looked up once. */
export class Subnets {
  readonly #ec2: Ec2;
  readonly #settings: AwsSettings['subnets'];
  readonly #ids = new Map<string, string>();

  constructor(ec2: Ec2, settings: AwsSettings['subnets']) {
    this.#ec2 = ec2;
    this.#settings = settings;
  }

  /** The id of a zone's subnet; without a zone that of the first, and null where there is none. @throws PortError */
  async idOf(zone: string | null, signal: AbortSignal): Promise<string | null> {
    const named = zone === null ? this.#settings[0] : this.#settings.find((one) => one.zone === zone);
    if (named === undefined && zone === null) return null;
    if (named === undefined) {
      const message = `There is no zone ${zone} in the provider's settings; add it, or correct zones.`;
      throw new PortError('Invalid', 'noZone', message);
    }
    const { subnet } = named;
    if (SUBNET_ID.test(subnet)) return subnet;
    const known = this.#ids.get(subnet) ?? (await this.#lookUp(subnet, signal));
    this.#ids.set(subnet, known);
    return known;
  }

  async #lookUp(name: string, signal: AbortSignal): Promise<string> {
    const ids = (await subnetsBy(this.#ec2, name, signal)).flatMap(({ SubnetId: id }) => id ?? []);
    const [id] = ids;
    if (id !== undefined && ids.length === 1) return id;
    const found = ids.length === 0 ? 'There is no subnet' : `There are ${ids.length} subnets`;
    const message = `${found} whose tag Name is ${name}; write the id of the one that is meant into the provider's settings.`;
    throw new PortError('Invalid', ids.length === 0 ? 'noSubnet' : 'severalSubnets', message);
  }
}

/** What EC2 says of a subnet, by its id or its name; of the default ones where that is null. */
export async function subnetsBy(ec2: Ec2, idOrName: string | null, signal: AbortSignal): Promise<readonly Subnet[]> {
  const filter =
    idOrName === null
      ? { Name: 'default-for-az', Values: ['true'] }
      : { Name: SUBNET_ID.test(idOrName) ? 'subnet-id' : 'tag:Name', Values: [idOrName] };
  const { Subnets: subnets = [] } = await ec2.ask('looking up subnets', (client, sdk) =>
    client.send(new sdk.DescribeSubnetsCommand({ Filters: [filter] }), { abortSignal: signal }),
  );
  return subnets;
}
