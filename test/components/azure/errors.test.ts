import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { PortError } from '../../../src/ports/errors.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { Refusal } from '../../support/azure/subscription.ts';
import { AzureWorld, templateSettings } from '../../support/azure/world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { requires } from '../../support/requires.ts';

const { signal } = new AbortController();

requires('openssl')('what Azure refuses', () => {
  let world: AzureWorld;
  let provider: Provider;
  let count = 0;

  beforeAll(async () => {
    world = await AzureWorld.make();
    provider = await world.open('shop');
  });

  beforeEach(() => {
    count += 1;
    world.fake.faults.length = 0;
    world.fake.subscription.conditions.failure = null;
  });

  afterAll(() => world.dispose());

  const launch = () =>
    provider
      .launch(launchRequest(`i-${count}`, { settings: templateSettings({ publicAddress: true }) }), signal)
      .catch((error: unknown) => error);

  it.each([
    [409, 'SkuNotAvailable', 'NoCapacity'],
    [409, 'ZonalAllocationFailed', 'NoCapacity'],
    [409, 'AllocationFailed', 'NoCapacity'],
    [409, 'OverconstrainedAllocationRequest', 'NoCapacity'],
    [409, 'OverconstrainedZonalAllocationRequest', 'NoCapacity'],
    [409, 'QuotaExceeded', 'NoCapacity'],
    [409, 'ResourceQuotaExceeded', 'NoCapacity'],
    [401, 'InvalidAuthenticationToken', 'Unauthorized'],
    [401, 'ExpiredAuthenticationToken', 'Unauthorized'],
    [403, 'AuthorizationFailed', 'Unauthorized'],
    [403, 'LinkedAuthorizationFailed', 'Unauthorized'],
    [409, 'ReadOnlyDisabledSubscription', 'Unauthorized'],
    [400, 'InvalidParameter', 'Invalid'],
    [400, 'VMMarketplaceInvalidInput', 'Invalid'],
    [400, 'ResourcePurchaseValidationFailed', 'Invalid'],
    [403, 'RequestDisallowedByPolicy', 'Invalid'],
    [404, 'ImageNotFound', 'Invalid'],
    [404, 'PlatformImageNotFound', 'Invalid'],
    [404, 'ResourceGroupNotFound', 'Invalid'],
    [404, 'SubscriptionNotFound', 'Invalid'],
    [409, 'MissingSubscriptionRegistration', 'Invalid'],
    [409, 'ScopeLocked', 'Invalid'],
    [429, 'TooManyRequests', 'RateLimited'],
    [429, 'SubscriptionRequestsThrottled', 'RateLimited'],
    [429, 'SomethingNew', 'RateLimited'],
    [429, 'OperationNotAllowed', 'RateLimited'],
    [429, 'RetryableError', 'Transient'],
    [409, 'OperationPreempted', 'Transient'],
    [409, 'AnotherOperationInProgress', 'Transient'],
    [400, 'NicInUse', 'Transient'],
    [409, 'SomethingNew', 'Transient'],
    [404, '', 'Transient'],
    [500, 'InternalServerError', 'Transient'],
    [503, 'ServerTimeout', 'Transient'],
    [400, 'SomethingNew', 'Invalid'],
  ] as const)('with HTTP %i %s is %s', async (status, code, reaction) => {
    world.fake.fail('PUT', 'virtualMachines', new Refusal(status, code, 'as Azure says it'));
    const error = await launch();
    expect(error).toBeInstanceOf(PortError);
    expect(error).toMatchObject({ reaction, message: expect.stringContaining('as Azure says it') });
    if (code !== '') expect(error).toMatchObject({ code });
    // What may have taken effect, or is tried again, keeps what it has.
    if (reaction !== 'Transient' && reaction !== 'RateLimited') {
      expect(world.fake.subscription.names.filter((name) => name.startsWith(`web-i-${count}-`))).toEqual([]);
    }
  });

  it.each([
    ['Operation results in exceeding approved Total Regional Cores quota. Current Limit: 10', 'NoCapacity'],
    ['The maximum number of data disks is reached for this limit', 'NoCapacity'],
    ['The operation is not allowed while the machine is generalized.', 'Invalid'],
  ] as const)('as OperationNotAllowed: %s', async (message, reaction) => {
    world.fake.fail('PUT', 'virtualMachines', new Refusal(409, 'OperationNotAllowed', message));
    expect(await launch()).toMatchObject({ reaction, code: 'OperationNotAllowed' });
  });

  it.each([
    ['publicIPAddresses', 400, 'PublicIPCountLimitReached', 'NoCapacity'],
    ['networkInterfaces', 400, 'SubnetIsFull', 'NoCapacity'],
    ['networkInterfaces', 400, 'NetworkInterfaceCountLimitReached', 'NoCapacity'],
    ['networkInterfaces', 400, 'InvalidResourceReference', 'Invalid'],
    ['networkInterfaces', 429, 'ReferencedResourceNotProvisioned', 'Transient'],
    ['networkInterfaces', 429, 'CanceledAndSupersededDueToAnotherOperation', 'Transient'],
  ] as const)('of %s with HTTP %i %s is %s', async (kind, status, code, reaction) => {
    world.fake.fail('PUT', kind, new Refusal(status, code, 'as Azure says it'));
    expect(await launch()).toMatchObject({ reaction, code });
  });

  it.each([
    ['AllocationFailed', 'NoCapacity'],
    ['ZonalAllocationFailed', 'NoCapacity'],
    ['OverconstrainedZonalAllocationRequest', 'NoCapacity'],
    ['SkuNotAvailable', 'NoCapacity'],
    ['OperationPreempted', 'Transient'],
    ['InternalExecutionError', 'Transient'],
  ] as const)('once its operation has begun: %s is %s', async (code, reaction) => {
    world.fake.subscription.conditions.failure = { code, message: 'as Azure says it', isRunning: false };
    expect(await launch()).toMatchObject({ reaction, code, message: expect.stringContaining('as Azure says it') });
  });

  it('hands on how long to wait, in seconds', async () => {
    world.fake.fail('PUT', 'networkInterfaces', new Refusal(429, 'TooManyRequests', 'too many', 7));
    expect(await launch()).toMatchObject({ reaction: 'RateLimited', retryAfterMs: 7_000 });
    world.fake.fail('GET', 'virtualMachines', new Refusal(429, 'TooManyRequests', 'too many', 8));
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'RateLimited', retryAfterMs: 8_000 });
  });

  it('says what a person does next', async () => {
    world.fake.fail('PUT', 'virtualMachines', new Refusal(403, 'AuthorizationFailed', 'The client does not have it.'));
    expect(await launch()).toMatchObject({
      message: expect.stringMatching(/AuthorizationFailed\): see whether .* role/),
    });
    world.fake.fail('PUT', 'virtualMachines', new Refusal(409, 'QuotaExceeded', 'No cores are left.'));
    expect(await launch()).toMatchObject({ message: expect.stringContaining('larger quota') });
  });
});
