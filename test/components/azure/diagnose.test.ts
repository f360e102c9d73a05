import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { azureProvider } from '../../../src/providers/azure/index.ts';
import { Refusal } from '../../support/azure/subscription.ts';
import { AzureWorld } from '../../support/azure/world.ts';
import { requires } from '../../support/requires.ts';

const { signal } = new AbortController();

requires('openssl')('what drover doctor says of Azure', () => {
  let world: AzureWorld;

  beforeEach(async () => {
    world = await AzureWorld.make();
  });

  afterEach(() => world.dispose());

  const said = async (more: JsonObject = {}) => {
    const findings = await azureProvider.diagnose?.(world.context('shop', more), signal);
    return findings?.map(({ level, message, remedy }) => `${level}: ${message}${remedy === null ? '' : ` ${remedy}`}`);
  };

  it('is good where all is well, and changes nothing', async () => {
    expect(await said()).toEqual([
      `ok: Azure answers at ${world.fake.endpoint}, takes the credential, and has the resource group shop.`,
      'ok: 4 of 10 cores are used in westeurope.',
    ]);
    expect(world.fake.calls.every((call) => call.startsWith('GET'))).toBe(true);
  });

  it('warns when the quota is nearly used up', async () => {
    world.fake.subscription.conditions.usedCores = 9;
    expect(await said()).toContainEqual(
      'warning: 9 of 10 cores are used in westeurope. Ask Azure for a larger quota, or lower maxSize.',
    );
  });

  it('finds a resource group that there is not, and a secret that is missing', async () => {
    expect(await said({ resourceGroup: 'nowhere' })).toEqual([
      expect.stringMatching(/^error: Azure cannot be used: .*ResourceGroupNotFound/),
    ]);
    const credential = {
      kind: 'clientSecret',
      tenantId: '00000000-0000-0000-0000-000000000002',
      clientId: '00000000-0000-0000-0000-000000000003',
      secret: { variable: 'DROVER_TEST_NO_SUCH' },
    };
    expect(await said({ credential })).toEqual([expect.stringMatching(/^error: .*DROVER_TEST_NO_SUCH/)]);
  });

  it('finds a role that does not show the power states of machines', async () => {
    const refusal = new Refusal(403, 'AuthorizationFailed', 'no virtualMachines/read');
    world.fake.fail('GET', 'statuses', refusal);
    expect(await said()).toContainEqual(
      expect.stringMatching(/^error: The power states .*AuthorizationFailed.* Allow /),
    );
  });

  it('says that nothing answers', async () => {
    const gone = await AzureWorld.make();
    const { endpoint } = gone.fake;
    await gone.dispose();
    expect(await said({ endpoint })).toEqual([expect.stringMatching(/^error: Azure cannot be used: .*ECONNREFUSED/)]);
  });
});
