import { createHash } from 'node:crypto';
import type { _InstanceType, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import type { LaunchSettings } from './settings.ts';
import { tagList } from './tags.ts';

export interface LaunchPlace {
  readonly fleet: string;
  /** The subnet's id; null leaves it to EC2 or its launch template. */
  readonly subnetId: string | null;
  /** Rendered; null where there is none. */
  readonly userData: string | null;
}

/** What RunInstances is asked for one machine. @throws PortError `Invalid` where nothing names an instance type */
export function runInstancesInput(
  request: LaunchRequest,
  settings: LaunchSettings,
  place: LaunchPlace,
): RunInstancesCommandInput {
  const { template, image, keyName, instanceProfile, userData } = { ...settings, userData: place.userData };
  const tags = tagList(
    {
      fleet: place.fleet,
      group: request.group,
      instanceId: request.instanceId,
      zone: request.placement.zone,
      addressFrom: settings.addressFrom,
    },
    settings.tags,
  );
  return {
    MinCount: 1,
    MaxCount: 1,
    ClientToken: clientToken(place.fleet, request.instanceId),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tags },
      { ResourceType: 'volume', Tags: tags },
    ],
    ...(template === null ? {} : { LaunchTemplate: templateOf(template) }),
    ...(image === null ? {} : { ImageId: image }),
    ...instanceTypeOf(request, settings),
    ...(keyName === null ? {} : { KeyName: keyName }),
    ...(instanceProfile === null ? {} : { IamInstanceProfile: profileOf(instanceProfile) }),
    ...(userData === null ? {} : { UserData: Buffer.from(userData).toString('base64') }),
    ...networkOf(settings, place.subnetId),
    ...rootVolumeOf(settings),
    ...(settings.metadataTokens === null ? {} : { MetadataOptions: { HttpTokens: settings.metadataTokens } }),
    ...marketOf(settings),
  };
}

/**
 * The same for the same instance, whoever asks and with whatever settings: EC2 then refuses a second launch with other settings (a secret that was
 * changed between two tries) instead of making a second machine.
 */
function clientToken(fleet: string, instanceId: string): string {
  return createHash('sha256').update(`drover instance ${fleet} ${instanceId}`).digest('hex');
}

function templateOf({ id, name, version }: NonNullable<LaunchSettings['template']>) {
  return {
    ...(id === null ? {} : { LaunchTemplateId: id }),
    ...(name === null ? {} : { LaunchTemplateName: name }),
    Version: version,
  };
}

function instanceTypeOf({ placement }: LaunchRequest, { instanceType, template }: LaunchSettings) {
  const type = placement.instanceType ?? instanceType;
  // EC2 adds types faster than its SDK lists them.
  if (type !== null) return { InstanceType: type as _InstanceType };
  if (template !== null) return {};
  throw new PortError('Invalid', 'noInstanceType', 'Name an instanceType, or instanceTypes, in the launch template.');
}

function profileOf(profile: string) {
  return profile.startsWith('arn:') ? { Arn: profile } : { Name: profile };
}

/** Whether there is a public address is a matter of a network interface, which then has the subnet and the groups, too. */
function networkOf({ publicAddress, securityGroups }: LaunchSettings, subnetId: string | null) {
  const subnet = subnetId === null ? {} : { SubnetId: subnetId };
  if (publicAddress === null) {
    return { ...subnet, ...(securityGroups.length === 0 ? {} : { SecurityGroupIds: [...securityGroups] }) };
  }
  const groups = securityGroups.length === 0 ? {} : { Groups: [...securityGroups] };
  const networkInterface = {
    DeviceIndex: 0,
    AssociatePublicIpAddress: publicAddress,
    DeleteOnTermination: true,
    ...subnet,
    ...groups,
  };
  return { NetworkInterfaces: [networkInterface] };
}

function rootVolumeOf({ rootVolume }: LaunchSettings) {
  if (rootVolume === null) return {};
  const { device, sizeGib, type, iops, throughput, encrypted } = rootVolume;
  const Ebs = {
    DeleteOnTermination: true,
    ...(sizeGib === null ? {} : { VolumeSize: sizeGib }),
    ...(type === null ? {} : { VolumeType: type }),
    ...(iops === null ? {} : { Iops: iops }),
    ...(throughput === null ? {} : { Throughput: throughput }),
    ...(encrypted === null ? {} : { Encrypted: encrypted }),
  };
  return { BlockDeviceMappings: [{ DeviceName: device, Ebs }] };
}

function marketOf({ market, spotMaxPrice }: LaunchSettings): Pick<RunInstancesCommandInput, 'InstanceMarketOptions'> {
  if (market !== 'spot') return {};
  const price = spotMaxPrice === null ? {} : { MaxPrice: spotMaxPrice };
  return {
    InstanceMarketOptions: {
      MarketType: 'spot',
      SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate', ...price },
    },
  };
}
