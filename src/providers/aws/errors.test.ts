import { describe, expect, it } from 'vitest';
import { asPortError, PortError } from '../../ports/errors.ts';
import { ec2Error } from './errors.ts';

function answered(name: string, message = 'as EC2 says it'): PortError {
  return asPortError(ec2Error('launching i-1 in eu-central-1', Object.assign(new Error(message), { name })));
}

describe('an error of EC2', () => {
  it.each([
    ['InsufficientInstanceCapacity', 'NoCapacity'],
    ['Server.InsufficientInstanceCapacity', 'NoCapacity'],
    ['InstanceLimitExceeded', 'NoCapacity'],
    ['VcpuLimitExceeded', 'NoCapacity'],
    ['InsufficientFreeAddressesInSubnet', 'NoCapacity'],
    ['Unsupported', 'NoCapacity'],
    ['MaxSpotInstanceCountExceeded', 'NoCapacity'],
    ['SpotMaxPriceTooLow', 'NoCapacity'],
    ['RequestLimitExceeded', 'RateLimited'],
    ['Throttling', 'RateLimited'],
    ['UnauthorizedOperation', 'Unauthorized'],
    ['AuthFailure', 'Unauthorized'],
    ['AuthFailure.ServiceLinkedRoleCreationNotPermitted', 'Unauthorized'],
    ['ExpiredToken', 'Unauthorized'],
    ['RequestExpired', 'Unauthorized'],
    ['CredentialsProviderError', 'Unauthorized'],
    ['OptInRequired', 'Unauthorized'],
    ['PendingVerification', 'Unauthorized'],
    ['InvalidAMIID.NotFound', 'Invalid'],
    ['InvalidAMIID.Malformed', 'Invalid'],
    ['InvalidKeyPair.NotFound', 'Invalid'],
    ['InvalidGroup.NotFound', 'Invalid'],
    ['InvalidSubnetID.NotFound', 'Invalid'],
    ['InvalidParameterValue', 'Invalid'],
    ['InvalidLaunchTemplateName.NotFoundException', 'Invalid'],
    ['UnsupportedOperation', 'Invalid'],
    ['InvalidInstanceID.NotFound', 'NotFound'],
    ['IdempotentInstanceTerminated', 'NotFound'],
    ['IdempotentParameterMismatch', 'Transient'],
    ['IncorrectInstanceState', 'Transient'],
    ['InternalError', 'Transient'],
    ['TimeoutError', 'Transient'],
    ['ECONNREFUSED', 'Transient'],
  ])('%s is %s', (name, reaction) => {
    expect(answered(name)).toMatchObject({ reaction, cause: { name } });
  });

  it('of an image that is not shared is about the image, and no matter of credentials', () => {
    expect(answered('AuthFailure', 'Not authorized for images: [ami-0a1b2c3d]')).toMatchObject({
      reaction: 'Invalid',
      code: 'noImage',
    });
  });

  it('is one sentence without what only AWS can read', () => {
    const { message } = answered(
      'UnauthorizedOperation',
      `You are not authorized to perform this operation. Encoded authorization failure message: ${'x'.repeat(900)}`,
    );
    expect(message).toBe(
      'launching i-1 in eu-central-1: You are not authorized to perform this operation (UnauthorizedOperation); give the identity the policy that docs/providers/aws.md has',
    );
  });

  it('leaves an error that is typed already, and an error in Drover itself, as it is', () => {
    const typed = new PortError('Invalid', 'settings', 'no');
    const defect = new TypeError('undefined is not a function');
    expect(ec2Error('x', typed)).toBe(typed);
    expect(ec2Error('x', defect)).toBe(defect);
  });
});
