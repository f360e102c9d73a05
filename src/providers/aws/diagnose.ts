import type { Subnet } from '@aws-sdk/client-ec2';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { Ec2 } from './ec2.ts';
import { type AwsSettings, readProviderSettings } from './provider-settings.ts';
import { subnetsBy } from './subnets.ts';
import { tagList } from './tags.ts';

/** Fewer free addresses than this are worth a warning. */
const FEW_ADDRESSES = 8;
const NO_IMAGE = 'ami-00000000000000000';

/** Asks EC2 who is asking, for the subnets with their room, and whether a launch would be allowed. */
export async function diagnose(context: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]> {
  const settings = readProviderSettings(context.settings);
  const ec2 = new Ec2(settings, context.clock);
  try {
    const findings: Finding[] = [];
    const asked = settings.subnets.length === 0 ? [{ zone: null, subnet: null }] : settings.subnets;
    for (const { zone, subnet } of asked) {
      findings.push(...subnetFindings(zone, subnet, await subnetsBy(ec2, subnet, signal), settings));
    }
    return [...findings, ...(await launchFindings(ec2, context.fleet, signal))];
  } catch (error) {
    const { message, reaction } = asPortError(error);
    const remedy =
      reaction === 'Unauthorized'
        ? 'Name credentials in the provider (credentials, profile), or set them in the environment of Drover.'
        : `Look whether this host reaches ${settings.endpoint ?? `ec2.${settings.region}.amazonaws.com`}.`;
    return [{ level: 'error', message, remedy }];
  } finally {
    await ec2.close();
  }
}

function subnetFindings(
  zone: string | null,
  asked: string | null,
  subnets: readonly Subnet[],
  { region }: AwsSettings,
): readonly Finding[] {
  const where = zone === null ? '' : ` of the zone ${zone}`;
  if (asked === null && subnets.length === 0) {
    return [warning(`${region} has no default subnet.`, "Name a subnet or zones in the provider's settings.")];
  }
  if (asked !== null && subnets.length !== 1) {
    const found = subnets.length === 0 ? 'is not there' : `is the name of ${subnets.length} subnets`;
    const message = `The subnet ${asked}${where} ${found} in ${region}.`;
    return [{ level: 'error', message, remedy: "Correct it in the provider's settings." }];
  }
  return subnets.map(({ SubnetId, AvailabilityZone, AvailableIpAddressCount: free = 0, OwnerId }) => {
    const said = `The subnet ${SubnetId}${where} in ${AvailabilityZone} (account ${OwnerId}) has ${free} free addresses.`;
    return free < FEW_ADDRESSES
      ? warning(said, 'Add a zone with another subnet, or make room in it.')
      : { level: 'ok', message: said, remedy: null };
  });
}

/** A dry run changes nothing; it ends in an error in any case, whose kind is the answer. */
async function launchFindings(ec2: Ec2, fleet: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const tags = tagList({ fleet, group: 'doctor', instanceId: 'doctor', zone: null, addressFrom: 'private' }, {});
  try {
    await ec2.ask('a dry run of a launch', (client, sdk) => {
      const input = {
        DryRun: true,
        MinCount: 1,
        MaxCount: 1,
        ImageId: NO_IMAGE,
        TagSpecifications: [{ ResourceType: 'instance' as const, Tags: tags }],
      };
      return client.send(new sdk.RunInstancesCommand(input), { abortSignal: signal });
    });
  } catch (error) {
    const { code, message, cause } = asPortError(error);
    if (cause instanceof Error && cause.name === 'DryRunOperation') {
      return [{ level: 'ok', message: 'Launching instances is allowed.', remedy: null }];
    }
    if (code === 'notAllowed') {
      return [
        warning(`${message}.`, 'If launches fail with it, give the identity the policy of docs/providers/aws.md.'),
      ];
    }
  }
  // Any other error is about the image, which is none: EC2 has looked at it before it looked at the rights.
  return [];
}

function warning(message: string, remedy: string): Finding {
  return { level: 'warning', message, remedy };
}
