import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { Refusal } from '../../support/azure/subscription.ts';
import { AzureWorld, templateSettings } from '../../support/azure/world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { requires } from '../../support/requires.ts';

const { signal } = new AbortController();

requires('openssl')('list at Azure', () => {
  let world: AzureWorld;
  let provider: Provider;

  beforeEach(async () => {
    world = await AzureWorld.make();
    provider = await world.open('shop');
  });

  afterEach(() => world.dispose());

  const launch = (instanceId: string, written = {}) =>
    provider.launch(launchRequest(instanceId, { settings: templateSettings(written) }), signal);
  const list = async () => (await provider.list(signal)).machines;

  it('reads all pages', async () => {
    await Promise.all(Array.from({ length: 23 }, (_, index) => launch(`i-${index}`)));
    const machines = await list();
    expect(machines).toHaveLength(23);
    expect(machines.every(({ state, addresses }) => state === 'running' && addresses.length === 1)).toBe(true);
  });

  it.each(['virtualMachines', 'statuses', 'networkInterfaces', 'publicIPAddresses'] as const)(
    'is whole or fails: %s that cannot be read',
    async (kind) => {
      await launch('i-1');
      world.fake.fail('GET', kind, new Refusal(500, 'InternalServerError', 'not now'));
      await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Transient' });
      world.fake.fail('GET', kind, 'loseAnswer');
      await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Transient' });
    },
  );

  it('fails, and is not empty, when the resource group is gone or a proxy answers', async () => {
    await launch('i-1');
    world.fake.fail('GET', 'virtualMachines', new Refusal(404, 'ResourceGroupNotFound', 'no such group'));
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Invalid' });
    world.fake.fail('GET', 'virtualMachines', new Refusal(404, '', 'no such page'));
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Transient' });
  });

  it('has a machine that it does not list yet, by what is attached to it', async () => {
    world.fake.subscription.conditions.listLagMs = 60_000;
    world.fake.subscription.conditions.laggingKinds = ['virtualMachines'];
    const { id } = await launch('i-1');
    expect(await list()).toMatchObject([{ id, state: 'running' }]);
  });

  it('takes ids as they come, in capitals or not', async () => {
    world.fake.subscription.conditions.areIdsShouted = true;
    const { id } = await launch('i-1');
    world.fake.subscription.powerOff(id);
    expect(await list()).toMatchObject([{ id, state: 'stopped', addresses: [expect.any(String)] }]);
  });

  it('is not empty when too many requests have been made', async () => {
    await launch('i-1');
    const tooMany = new Refusal(
      429,
      'OperationNotAllowed',
      'The limit of requests for this subscription is reached.',
      900,
    );
    world.fake.fail('GET', 'statuses', tooMany);
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'RateLimited', retryAfterMs: 900_000 });
  });

  it('takes a machine that was made for running where its power state cannot be seen', async () => {
    world.fake.subscription.conditions.hasStatuses = false;
    const { id } = await launch('i-1');
    expect(await list()).toMatchObject([{ id, state: 'running', detail: expect.stringContaining('unknown') }]);
  });

  it('says why a machine could not be made', async () => {
    world.fake.subscription.conditions.operationMs = 200;
    world.fake.subscription.conditions.failure = { code: 'AllocationFailed', message: 'No room.', isRunning: false };
    world.fake.fail('PUT', 'virtualMachines', 'loseAnswer');
    await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient' });
    await expect.poll(async () => (await list())[0]?.state).toBe('stopped');
    expect((await list())[0]?.detail).toContain('could not be made (AllocationFailed: No room.)');
  });

  it('shows what a launch has left in the middle, for ten minutes as one that may still come', async () => {
    world.fake.fail('PUT', 'networkInterfaces', new Refusal(500, 'InternalServerError', 'not now'));
    await expect(launch('i-1', { publicAddress: true })).rejects.toMatchObject({ reaction: 'Transient' });
    const [half] = await list();
    expect(half).toMatchObject({ instanceId: 'i-1', state: 'pending' });
    const { subscription } = world.fake;
    const address = `${half!.id}-ip`;
    const { tags } = subscription.get('publicIPAddresses', address);
    const long = new Date(Date.now() - 700_000).toISOString();
    subscription.setTags('publicIPAddresses', address, { ...tags, 'drover-launched-at': long });
    expect(await list()).toMatchObject([{ id: half!.id, state: 'stopped' }]);
    await gone(half!.id);
  });

  it('has neither a copy with all tags and another name, nor one without tags', async () => {
    const { id } = await launch('i-1');
    const { subscription } = world.fake;
    subscription.copy('virtualMachines', id, `${id}-restored`);
    expect((await list()).map((machine) => machine.id)).toEqual([id]);
    await expect(provider.terminate(`${id}-restored`, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    subscription.setTags('virtualMachines', id, {});
    subscription.setTags('networkInterfaces', `${id}-nic`, {});
    expect(await list()).toEqual([]);
    await expect(provider.terminate(id, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    expect(subscription.names).toContain(id);
  });

  async function gone(id: string): Promise<void> {
    const ask = () => provider.terminate(id, signal).catch(({ reaction }) => reaction);
    await expect.poll(ask, { timeout: 30_000 }).toBe('NotFound');
  }

  describe('terminate', () => {
    it('leaves nothing: the machine goes with its disk, interface and address', async () => {
      const { id } = await launch('i-1', { publicAddress: true });
      await gone(id);
      expect(world.fake.subscription.names).toEqual([]);
      expect(world.fake.calls.filter((call) => call.startsWith('DELETE'))).toEqual(['DELETE virtualMachines']);
    });

    it('deletes what is left of it, and nothing of that name that is not proved to be its own', async () => {
      const { id } = await launch('i-1', { publicAddress: true });
      const { subscription } = world.fake;
      subscription.conditions.isDeletedTogether = false;
      subscription.setTags('disks', `${id}-disk`, { owner: 'somebody' });
      await gone(id);
      expect(subscription.names).toEqual([`${id}-disk`]);
      // Not even with the tags of another instance.
      const { id: other } = await launch('i-2');
      const { tags } = subscription.get('disks', `${other}-disk`);
      subscription.setTags('disks', `${id}-disk`, tags);
      await expect(provider.terminate(id, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
      expect(subscription.names).toContain(`${id}-disk`);
      await gone(other);
      expect(subscription.names).toEqual([`${id}-disk`]);
    });

    it('says so when a lock holds it', async () => {
      const { id } = await launch('i-1');
      world.fake.fail('DELETE', 'virtualMachines', new Refusal(409, 'ScopeLocked', 'The scope is locked.'));
      await expect(provider.terminate(id, signal)).rejects.toMatchObject({
        reaction: 'Invalid',
        message: expect.stringContaining('take the lock away'),
      });
    });

    it.each([
      ['virtualMachines', 404, ''],
      ['virtualMachines', 404, 'ResourceGroupNotFound'],
      ['virtualMachines', 500, 'InternalServerError'],
      ['networkInterfaces', 500, 'InternalServerError'],
    ] as const)('does not say that it is gone when %s are answered with HTTP %i %s', async (kind, status, code) => {
      const { id } = await launch('i-1');
      if (kind !== 'virtualMachines') await gone(id);
      world.fake.fail('GET', kind, new Refusal(status, code, 'as Azure says it'));
      const reaction = await provider.terminate(id, signal).catch((error) => error.reaction);
      expect(reaction).toMatch(/Transient|Invalid/);
    });

    it('asks Azure seldom, however often it is asked for', async () => {
      const { id } = await launch('i-1');
      world.fake.subscription.conditions.operationMs = 60_000;
      world.fake.calls.length = 0;
      for (let times = 0; times < 10; times += 1) await provider.terminate(id, signal);
      expect(world.fake.calls.filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
      expect(world.fake.calls.length).toBeLessThan(5);
    });
  });
});
