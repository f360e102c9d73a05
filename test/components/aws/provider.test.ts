import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { awsProvider } from '../../../src/providers/aws/index.ts';
import { AwsWorld, settings } from '../../support/aws-world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';

const { signal } = new AbortController();

describe('the aws provider on a fake EC2', () => {
  let world: AwsWorld;
  let provider: Provider;

  beforeEach(async () => {
    world = await AwsWorld.make(['a', 'b']);
    provider = await world.open('shop', { zones: { one: { subnet: 'a' }, two: { subnet: 'subnet-00000001' } } });
  });
  afterEach(() => world.dispose());

  function launch(id: string, written: JsonObject = {}, zone = 'one', instanceType: string | null = null) {
    const request = { settings: settings(written), placement: { zone, instanceType } };
    return provider.launch(launchRequest(id, request), signal);
  }

  function asked(): (name: string) => string | undefined {
    const [instance] = world.ec2.instances;
    return (name) => instance?.query.get(name);
  }

  it('asks for what the launch template says', async () => {
    await launch('i-1', {
      keyName: 'ops',
      securityGroups: ['sg-0a1b2c3d'],
      instanceProfile: 'web',
      userData: { text: 'I am {{ drover.instanceId }} in {{ drover.zone }}' },
      rootVolume: { device: '/dev/xvda', size: '20GiB', type: 'gp3', encrypted: true },
      market: 'spot',
      spotMaxPrice: '0.05',
      tags: { team: 'shop' },
    });
    const [instance] = world.ec2.instances;
    expect(instance).toMatchObject({ userData: 'I am i-1 in one', subnetId: 'subnet-00000000', type: 't3.micro' });
    expect(instance?.tags).toEqual({
      Name: 'shop-web-i-1',
      team: 'shop',
      'drover:fleet': 'shop',
      'drover:group': 'web',
      'drover:instanceId': 'i-1',
      'drover:zone': 'one',
      'drover:addressFrom': 'private',
    });
    const get = asked();
    expect(get('MetadataOptions.HttpTokens')).toBe('required');
    expect(get('KeyName')).toBe('ops');
    expect(get('SecurityGroupId.1')).toBe('sg-0a1b2c3d');
    expect(get('IamInstanceProfile.Name')).toBe('web');
    expect(get('BlockDeviceMapping.1.Ebs.VolumeSize')).toBe('20');
    expect(get('InstanceMarketOptions.SpotOptions.MaxPrice')).toBe('0.05');
    expect(get('TagSpecification.2.ResourceType')).toBe('volume');
    expect(get('ClientToken')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('puts the subnet and the groups into the network interface where a public address is asked for', async () => {
    await launch('i-1', { publicAddress: true, securityGroups: ['sg-0a1b2c3d'] });
    const get = asked();
    expect(get('NetworkInterface.1.AssociatePublicIpAddress')).toBe('true');
    expect(get('NetworkInterface.1.SubnetId')).toBe('subnet-00000000');
    expect(get('NetworkInterface.1.SecurityGroupId.1')).toBe('sg-0a1b2c3d');
    expect(get('SubnetId')).toBeUndefined();
  });

  it('leaves to a launch template of EC2 what is not written', async () => {
    const written = { template: { name: 'shop', version: 3 } };
    const request = {
      settings: awsProvider.settingsSchema('/').parse(written),
      placement: { zone: 'two', instanceType: null },
    };
    await provider.launch(launchRequest('i-1', request), signal);
    const get = asked();
    expect([get('LaunchTemplate.LaunchTemplateName'), get('LaunchTemplate.Version')]).toEqual(['shop', '3']);
    for (const name of ['ImageId', 'InstanceType', 'MetadataOptions.HttpTokens', 'InstanceMarketOptions.MarketType']) {
      expect(get(name)).toBeUndefined();
    }
    expect(get('SubnetId')).toBe('subnet-00000001');
  });

  it('launches where and as what the core has chosen, and says NoCapacity where there is no room', async () => {
    world.ec2.capacity = (type, subnet) =>
      type === 't3.micro' ? 'InsufficientInstanceCapacity' : subnet === 'subnet-00000001' ? 'Unsupported' : null;
    await expect(launch('i-1', {}, 'one', 't3.micro')).rejects.toMatchObject({
      reaction: 'NoCapacity',
      code: 'noCapacity',
    });
    await expect(launch('i-2', {}, 'two', 't3a.micro')).rejects.toMatchObject({
      reaction: 'NoCapacity',
      code: 'notInZone',
    });
    expect(await launch('i-3', {}, 'one', 't3a.micro')).toMatchObject({ zone: 'one' });
    expect(world.ec2.instances.map(({ type }) => type)).toEqual(['t3a.micro']);
    await expect(launch('i-4', {}, 'three')).rejects.toMatchObject({ reaction: 'Invalid', code: 'noZone' });
  });

  it('makes one machine although EC2 lists it late and its answer was lost', async () => {
    world.ec2.listLagMs = 3_600_000;
    world.ec2.faults.push({ action: 'RunInstances', isLost: true });
    const first = await launch('i-1');
    // Another controller knows nothing of it, and EC2 does not list it.
    const next = await world.open('shop', { zones: { one: { subnet: 'a' } } });
    const request = { settings: settings(), placement: { zone: 'one', instanceType: null } };
    expect((await next.launch(launchRequest('i-1', request), signal)).id).toBe(first.id);
    expect(world.ec2.instances).toHaveLength(1);
  });

  it('makes one machine although a secret was changed between two tries', async () => {
    const file = join(world.dataDir, 'secret');
    const written = { userData: { text: '{{ drover.secrets.token }}', secrets: { token: { file } } } };
    await writeFile(file, 'old');
    const first = await launch('i-1', written);
    await writeFile(file, 'new');
    // EC2 lists it late: nothing but the client token tells.
    world.ec2.listLagMs = 3_600_000;
    await expect(launch('i-1', written)).rejects.toMatchObject({ reaction: 'Transient', code: 'launchedOtherwise' });
    world.ec2.listLagMs = 0;
    expect((await launch('i-1', written)).id).toBe(first.id);
    expect(world.ec2.instances).toHaveLength(1);
  });

  it('launches nothing anew for an id whose machine is terminated', async () => {
    const { id } = await launch('i-1');
    await terminated(provider, id);
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'NotFound', code: 'terminatedMeanwhile' });
    expect(world.ec2.instances).toHaveLength(1);
  });

  it('does not take for gone what EC2 does not list yet', async () => {
    world.ec2.listLagMs = 3_600_000;
    const { id } = await launch('i-1');
    await expect(provider.terminate(id, signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'notListedYet' });
    world.ec2.listLagMs = 0;
    await terminated(provider, id);
    expect(world.ec2.alive).toEqual([]);
  });

  it('counts a machine until it is gone, and says that AWS has taken it back', async () => {
    world.ec2.endMs = 3_600_000;
    const { id } = await launch('i-1', { market: 'spot' });
    world.ec2.interrupt(id);
    const { machines } = await provider.list(signal);
    expect(machines).toMatchObject([{ id, state: 'stopped', addresses: [] }]);
    expect(machines[0]?.detail).toContain('AWS has taken the spot instance back');
    await provider.terminate(id, signal);
    world.ec2.endMs = 0;
    expect((await provider.list(signal)).machines).toEqual([]);
    await expect(provider.terminate(id, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
  });

  it('lists all pages, or none', async () => {
    world.ec2.pageSize = 2;
    for (const id of ['i-1', 'i-2', 'i-3', 'i-4', 'i-5']) await launch(id);
    expect((await provider.list(signal)).machines).toHaveLength(5);
    world.ec2.faults.push({ action: 'DescribeInstances', code: 'UnauthorizedOperation', status: 403 });
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Unauthorized', code: 'notAllowed' });
  });

  it('waits while EC2 throttles, and says so where that does not end', async () => {
    const throttled = { action: 'DescribeInstances', code: 'RequestLimitExceeded', status: 503 };
    world.ec2.faults.push(throttled);
    expect((await provider.list(signal)).machines).toEqual([]);
    world.ec2.faults.push(throttled, throttled, throttled, throttled);
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'RateLimited' });
  });

  it('terminates no instance without the tags of the fleet', async () => {
    const { id } = await launch('i-1');
    const [instance] = world.ec2.instances;
    Object.assign(instance?.tags ?? {}, { 'drover:fleet': 'other' });
    const next = await world.open('shop');
    await expect(next.terminate(id, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    expect(world.ec2.calls).not.toContain('TerminateInstances');
    expect(world.ec2.alive).toHaveLength(1);
  });

  it('says what to do about termination protection', async () => {
    const { id } = await launch('i-1');
    world.ec2.protected.add(id);
    const error = await provider.terminate(id, signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reaction: 'Unauthorized', code: 'protected' });
    expect(String(error)).toContain('--no-disable-api-termination');
  });

  it.each([
    ['a wrong image', { image: 'ami-bad00000' }, 'noImage'],
    ['user data that is too large', { userData: { text: 'ä'.repeat(8_193) } }, 'userDataTooLarge'],
  ])('refuses %s', async (_, written, code) => {
    await expect(launch('i-1', written)).rejects.toMatchObject({ reaction: 'Invalid', code });
  });

  it('takes on a role, and says what credentials lack without quoting them', async () => {
    const role = await world.open('shop', {
      assumeRole: { arn: 'arn:aws:iam::123456789012:role/drover', externalId: 'shop' },
    });
    expect((await role.list(signal)).machines).toEqual([]);
    expect(world.ec2.calls).toEqual(['AssumeRole', 'DescribeInstances']);
    await writeFile(join(world.dataDir, 'key'), 'hunter2');
    const wrong = await world.open('shop');
    const error = await wrong.list(signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reaction: 'Unauthorized' });
    expect(String(error)).not.toContain('hunter2');
    await rm(join(world.dataDir, 'key'));
    const none = await world.open('shop');
    await expect(none.list(signal)).rejects.toMatchObject({ reaction: 'Unauthorized', code: 'secret' });
  });

  describe('diagnose', () => {
    async function found(written: JsonObject) {
      const own = { region: 'eu-test-1', endpoint: world.ec2.url, credentials: world.credentials, ...written };
      const context = {
        fleet: 'shop',
        settings: awsProvider.providerSettingsSchema?.('/').parse(own) ?? {},
        dataDir: world.dataDir,
        clock: world.clock,
        onProblem: () => undefined,
      };
      return await awsProvider.diagnose?.(context, signal);
    }

    it('names the subnets with their room, and whether a launch is allowed', async () => {
      const zones = { one: { subnet: 'a' }, two: { subnet: 'b' }, three: { subnet: 'c' } };
      const subnet = world.ec2.subnets.get('subnet-00000001');
      if (subnet !== undefined) subnet.free = [];
      const findings = await found({ zones });
      expect(findings?.map(({ level }) => level)).toEqual(['ok', 'warning', 'error', 'ok']);
      expect(findings?.[0]?.message).toContain('123456789012');
      expect(world.ec2.instances).toEqual([]);
    });

    it('says what is wrong with credentials', async () => {
      await writeFile(join(world.dataDir, 'key-id'), 'AKIDOTHER');
      expect(await found({})).toMatchObject([{ level: 'error', remedy: expect.stringContaining('credentials') }]);
    });
  });
});
