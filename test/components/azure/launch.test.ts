import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { Refusal } from '../../support/azure/subscription.ts';
import { AzureWorld, templateSettings } from '../../support/azure/world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { requires } from '../../support/requires.ts';

const { signal } = new AbortController();
const ZONE_1 = { zone: '1', instanceType: 'Standard_B2s' };

requires('openssl')('launch at Azure', () => {
  let world: AzureWorld;
  let provider: Provider;

  beforeEach(async () => {
    world = await AzureWorld.make();
    provider = await world.open('shop');
  });

  afterEach(() => world.dispose());

  const launch = (instanceId: string, written = {}, placement = ZONE_1) =>
    provider.launch(launchRequest(instanceId, { settings: templateSettings(written), placement }), signal);
  const refuse = (code: string) => new Refusal(409, code, 'as Azure says it');
  const list = async () => (await provider.list(signal)).machines;
  const names = () => world.fake.subscription.names;

  it('makes address, interface, and machine with its disk, all tagged and in one zone', async () => {
    const machine = await launch('i-1', { publicAddress: true, address: 'public' });
    expect(machine).toMatchObject({ zone: '1', ports: null, instanceId: 'i-1', group: 'web' });
    const { id } = machine;
    expect(names()).toEqual([id, `${id}-disk`, `${id}-ip`, `${id}-nic`]);
    const { subscription } = world.fake;
    const [vm, disk] = [subscription.get('virtualMachines', id), subscription.get('disks', `${id}-disk`)];
    const address = subscription.get('publicIPAddresses', `${id}-ip`);
    for (const part of [vm, disk, address, subscription.get('networkInterfaces', `${id}-nic`)]) {
      expect(part.tags).toMatchObject({ 'drover-fleet': 'shop', 'drover-instance-id': 'i-1', 'drover-zone': '1' });
    }
    expect([vm.zones, address.zones]).toEqual([['1'], ['1']]);
    expect((await list())[0]?.addresses).toEqual([address.properties.ipAddress]);
  });

  it.each(['publicIPAddresses', 'networkInterfaces', 'virtualMachines'] as const)(
    'leaves nothing behind when %s are refused',
    async (kind) => {
      world.fake.fail('PUT', kind, refuse('SkuNotAvailable'));
      await expect(launch('i-1', { publicAddress: true })).rejects.toMatchObject({ reaction: 'NoCapacity' });
      expect(names()).toEqual([]);
      expect(await list()).toEqual([]);
    },
  );

  it('leaves nothing behind when there turns out to be no room', async () => {
    world.fake.subscription.conditions.full.add('1/Standard_B2s');
    await expect(launch('i-1', { publicAddress: true })).rejects.toMatchObject({ reaction: 'NoCapacity' });
    expect(names()).toEqual([]);
    expect(await launch('i-2', {}, { ...ZONE_1, zone: '2' })).toMatchObject({ zone: '2' });
    expect(await launch('i-3', {}, { ...ZONE_1, instanceType: 'Standard_D2s_v5' })).toMatchObject({ zone: '1' });
  });

  it('does not wait for an interface that Azure keeps for the machine that it has refused', async () => {
    world.fake.subscription.conditions.reservedMs = 60_000;
    world.fake.fail('PUT', 'virtualMachines', refuse('ZonalAllocationFailed'));
    const error = await launch('i-1', { publicAddress: true }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reaction: 'NoCapacity', code: 'ZonalAllocationFailed' });
    // It is on its way out, and no machine.
    expect(names()).toEqual([expect.stringMatching(/^web-i-1-.*-ip$/), expect.stringMatching(/^web-i-1-.*-nic$/)]);
    expect(await list()).toEqual([]);
    // The next controller does not know that, and terminates what it finds.
    const next = await world.open('shop');
    const [found] = (await next.list(signal)).machines;
    expect(found).toMatchObject({ instanceId: 'i-1', state: 'pending' });
    await expect(next.terminate(found!.id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
    world.fake.subscription.releaseReserved();
    await expect
      .poll(() => next.terminate(found!.id, signal).catch(({ reaction }) => reaction), { timeout: 30_000 })
      .toBe('NotFound');
    expect(names()).toEqual([]);
  });

  it('says that what it has made could not be removed, and goes on with it when it is repeated', async () => {
    world.fake.fail('PUT', 'virtualMachines', refuse('SkuNotAvailable'));
    world.fake.fail('DELETE', 'networkInterfaces', new Refusal(500, 'InternalServerError', 'not now'));
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient', code: 'cleanUp' });
    expect(await list()).toMatchObject([{ instanceId: 'i-1', state: 'pending', zone: '1' }]);
    expect(await launch('i-1')).toMatchObject({ instanceId: 'i-1' });
    expect(world.fake.subscription.list('networkInterfaces')).toHaveLength(1);
  });

  it('says that it is not allowed although it may not clean up either', async () => {
    world.fake.fail('PUT', 'virtualMachines', new Refusal(403, 'AuthorizationFailed', 'no write'));
    world.fake.fail('DELETE', 'networkInterfaces', new Refusal(403, 'AuthorizationFailed', 'no delete'));
    await expect(launch('i-1')).rejects.toMatchObject({
      reaction: 'Unauthorized',
      message: expect.stringContaining('no write'),
    });
  });

  it.each(['publicIPAddresses', 'networkInterfaces', 'virtualMachines', 'operation'] as const)(
    'finds what it has made when an answer about %s is lost',
    async (kind) => {
      world.fake.fail(kind === 'operation' ? 'GET' : 'PUT', kind, 'loseAnswer');
      await expect(launch('i-1', { publicAddress: true })).rejects.toMatchObject({ reaction: 'Transient' });
      const { id } = await launch('i-1', { publicAddress: true });
      await expect.poll(names).toEqual([id, `${id}-disk`, `${id}-ip`, `${id}-nic`]);
    },
  );

  it('keeps the machine of an operation that Azure does not know any more', async () => {
    world.fake.subscription.conditions.operationMs = 200;
    const launched = launch('i-1');
    await expect.poll(() => world.fake.subscription.list('virtualMachines').length).toBe(1);
    world.fake.fail('GET', 'operation', new Refusal(404, 'NotFound', 'The entity was not found.'));
    await expect(launched).rejects.toMatchObject({ reaction: 'Transient', code: 'operationLost' });
    await expect.poll(async () => (await list())[0]?.state).toBe('running');
    expect(await launch('i-1')).toMatchObject({ state: 'running' });
  });

  it('keeps a machine that runs though its operation has failed', async () => {
    world.fake.subscription.conditions.failure = {
      code: 'OSProvisioningTimedOut',
      message: 'OS Provisioning did not finish in the allotted time.',
      isRunning: true,
    };
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient', code: 'OSProvisioningTimedOut' });
    expect(await list()).toMatchObject([{ instanceId: 'i-1', state: 'running' }]);
    expect(await launch('i-1')).toMatchObject({ state: 'running' });
  });

  it('neither changes nor starts a machine that another controller makes at the same moment', async () => {
    const other = await world.open('shop');
    const request = launchRequest('i-1', { settings: templateSettings({}), placement: ZONE_1 });
    const answers = await Promise.allSettled([provider.launch(request, signal), other.launch(request, signal)]);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ reaction: 'Transient' });
    }
    expect(world.fake.subscription.rewritten).toEqual([]);
    expect(await other.launch(request, signal)).toMatchObject({ instanceId: 'i-1' });
    expect(world.fake.subscription.list('virtualMachines')).toHaveLength(1);
  });

  it.each(['virtualMachines', 'networkInterfaces', 'publicIPAddresses'] as const)(
    'leaves %s of its name alone that are not its own',
    async (kind) => {
      const { id } = await launch('i-1', { publicAddress: true });
      const suffix = { virtualMachines: '', networkInterfaces: '-nic', publicIPAddresses: '-ip' }[kind];
      world.fake.subscription.setTags(kind, `${id}${suffix}`, { owner: 'somebody' });
      world.fake.calls.length = 0;
      await expect(launch('i-1', { publicAddress: true })).rejects.toMatchObject({
        reaction: 'Invalid',
        code: 'nameTaken',
        message: expect.stringContaining(`${id}${suffix} is there`),
      });
      expect(world.fake.calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
    },
  );

  it('needs a size, and one that there is', async () => {
    const none = { zone: '1', instanceType: null };
    const request = launchRequest('i-1', { settings: templateSettings({ vmSize: null }), placement: none });
    await expect(provider.launch(request, signal)).rejects.toMatchObject({ reaction: 'Invalid', code: 'noVmSize' });
    await expect(launch('i-1', {}, { ...ZONE_1, instanceType: 'Standard_None' })).rejects.toMatchObject({
      reaction: 'Invalid',
      message: expect.stringContaining('Standard_None'),
    });
    expect(names()).toEqual([]);
  });

  it('fills user data in', async () => {
    const { id } = await launch('i-1', { userData: { text: 'I am {{ drover.instanceId }}' } });
    const { osProfile } = world.fake.subscription.get('virtualMachines', id).properties as {
      osProfile: { customData: string };
    };
    expect(Buffer.from(osProfile.customData, 'base64').toString()).toBe('I am i-1');
  });
});
