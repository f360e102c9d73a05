import { oneLine, reasonOf } from '../../base/quoted.ts';
import { isProgrammingError } from '../../base/system-error.ts';
import type { Reaction } from '../../model/observation.ts';
import { PortError } from '../../ports/errors.ts';

interface Rule {
  /** EC2's error codes, whole. */
  readonly pattern: RegExp;
  /** What its message has to say, where the code has several meanings. */
  readonly said?: RegExp;
  readonly reaction: Reaction;
  readonly code: string;
  /** What a person does about it; empty where EC2 says that itself. */
  readonly remedy: string;
}

/** The first that matches. */
const RULES: readonly Rule[] = [
  {
    pattern:
      /^(?:RequestLimitExceeded|Throttling(?:Exception)?|ThrottledException|RequestThrottled(?:Exception)?|TooManyRequestsException|EC2ThrottledException|BandwidthLimitExceeded|SlowDown)$/,
    reaction: 'RateLimited',
    code: 'rateLimited',
    remedy: '',
  },
  {
    pattern:
      /^(?:Server\.)?Insufficient(?:Instance|Host|ReservedInstance|CapacityReservation|Address)?Capacity(?:OnHost|OnOutpost|ForInstance)?$|^ReservationCapacityExceeded$|^UnfulfillableCapacity$/,
    reaction: 'NoCapacity',
    code: 'noCapacity',
    remedy: 'AWS has no room for it there now; name more instanceTypes or zones',
  },
  {
    pattern:
      /^(?:InstanceLimitExceeded|VcpuLimitExceeded|MaxSpotInstanceCountExceeded|HostLimitExceeded|VolumeLimitExceeded|MaxIOPSLimitExceeded|AddressLimitExceeded|PrivateIpAddressLimitExceeded|NetworkInterfaceLimitExceeded)$/,
    reaction: 'NoCapacity',
    code: 'quota',
    remedy: "the account's quota is used up; ask AWS for more (Service Quotas), or lower maxSize",
  },
  {
    pattern: /^(?:InsufficientFreeAddressesInSubnet|SubnetFull)$/,
    reaction: 'NoCapacity',
    code: 'subnetFull',
    remedy: 'the subnet has no free address; add a zone with another subnet',
  },
  {
    pattern: /^SpotMaxPriceTooLow$/,
    reaction: 'NoCapacity',
    code: 'spotPrice',
    remedy: 'raise spotMaxPrice, or leave it out',
  },
  {
    pattern: /^Unsupported$/,
    reaction: 'NoCapacity',
    code: 'notInZone',
    remedy: 'the instance type is not offered there; name others in instanceTypes, or other zones',
  },
  {
    pattern:
      /^(?:UnauthorizedOperation|AccessDenied(?:Exception)?|Client\.UnauthorizedOperation|UnauthorizedException)$/,
    reaction: 'Unauthorized',
    code: 'notAllowed',
    remedy: 'give the identity the policy that docs/providers/aws.md has',
  },
  {
    pattern:
      /^(?:ExpiredToken(?:Exception)?|TokenRefreshRequired|CredentialsProviderError|CredentialsError|TokenProviderError|ProviderError)$/,
    reaction: 'Unauthorized',
    code: 'noCredentials',
    remedy: 'renew the credentials, or name others in the provider (`aws sts get-caller-identity` shows what works)',
  },
  {
    pattern: /^(?:RequestExpired|RequestInTheFuture|InvalidSignatureException)$/,
    reaction: 'Unauthorized',
    code: 'clock',
    remedy: "set this host's clock: requests are signed with its time",
  },
  {
    pattern: /^AuthFailure\.ServiceLinkedRoleCreationNotPermitted$/,
    reaction: 'Unauthorized',
    code: 'noSpotRole',
    remedy:
      'create the role of spot instances once: `aws iam create-service-linked-role --aws-service-name spot.amazonaws.com`',
  },
  {
    pattern: /^AuthFailure$/,
    said: /\bimages?\b/i,
    reaction: 'Invalid',
    code: 'noImage',
    remedy: 'correct image, or share it with this account',
  },
  {
    pattern:
      /^(?:AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException|IncompleteSignature|MissingAuthenticationToken|InvalidAccessKeyId)$/,
    reaction: 'Unauthorized',
    code: 'credentials',
    remedy: 'correct the access key; it has to be one of this region, and the region enabled for the account',
  },
  {
    pattern: /^(?:OptInRequired|PendingVerification|Blocked|SubscriptionRequiredException)$/,
    reaction: 'Unauthorized',
    code: 'account',
    remedy: 'accept the terms, or finish the verification, in the AWS console',
  },
  {
    pattern: /^OperationNotPermitted$/,
    reaction: 'Unauthorized',
    code: 'protected',
    remedy:
      'if it has termination protection, switch that off: `aws ec2 modify-instance-attribute --no-disable-api-termination --instance-id ID`',
  },
  {
    pattern: /^IdempotentInstanceTerminated$/,
    reaction: 'NotFound',
    code: 'terminatedMeanwhile',
    remedy: 'it was launched for this id, and is terminated again',
  },
  {
    pattern: /^InvalidInstanceID\.NotFound$/,
    reaction: 'NotFound',
    code: 'noMachine',
    remedy: '',
  },
  { pattern: /^IncorrectInstanceState$/, reaction: 'Transient', code: 'changing', remedy: '' },
  {
    pattern: /^IdempotentParameterMismatch$/,
    reaction: 'Transient',
    code: 'launchedOtherwise',
    remedy:
      'an earlier try for this id was made with other settings or other secrets; what it has made is awaited, and the id is given up if it does not come',
  },
  {
    pattern: /^InvalidAMIID/,
    reaction: 'Invalid',
    code: 'noImage',
    remedy: 'correct image: ids of images differ from region to region',
  },
  {
    pattern: /^InvalidSubnet/,
    reaction: 'Invalid',
    code: 'noSubnet',
    remedy: "correct the subnet in the provider's settings",
  },
  {
    pattern: /^InvalidParameterCombination$/,
    reaction: 'Invalid',
    code: 'refused',
    remedy:
      'correct the launch template; one of EC2 that has network interfaces of its own takes neither zones nor securityGroups',
  },
  {
    pattern:
      /^(?:Invalid|Malformed|Missing|Unknown|UnsupportedOperation|VPCIdNotSpecified|DefaultVpcDoesNotExist|MissingInput|NonEBSInstance|VolumeTypeNotAvailableInZone|TagLimitExceeded|ParameterNotFound|SecurityGroupLimitExceeded|SecurityGroupsPerInstanceLimitExceeded|Encrypted)/,
    reaction: 'Invalid',
    code: 'refused',
    remedy: 'correct the launch template',
  },
];

/** It would fill the sentence, and is of use only to who may decode it. */
const ENCODED = /\s*Encoded authorization failure message: \S+/;

/** What the SDK has thrown, by what it calls for. `what` is what was asked. */
export function ec2Error(what: string, error: unknown): unknown {
  if (error instanceof PortError || !(error instanceof Error) || isProgrammingError(error)) return error;
  const { name } = error;
  const said = oneLine(error.message.replace(ENCODED, '')) || reasonOf(error);
  if (name === 'AbortError')
    return new PortError('Transient', 'aborted', `${what}: it was called off`, { cause: error });
  const rule = RULES.find((one) => one.pattern.test(name) && (one.said?.test(error.message) ?? true));
  if (rule === undefined) {
    return new PortError('Transient', 'ec2', `${what}: ${said} (${oneLine(name)})`, { cause: error });
  }
  const remedy = rule.remedy === '' ? '' : `; ${rule.remedy}`;
  return new PortError(rule.reaction, rule.code, `${what}: ${said.replace(/\.$/, '')} (${name})${remedy}`, {
    cause: error,
  });
}
