import { oneLine, reasonOf } from '../../base/quoted.ts';
import { isProgrammingError } from '../../base/system-error.ts';
import type { Reaction } from '../../model/observation.ts';
import { PortError } from '../../ports/errors.ts';

/** Azure's own codes that say more than their HTTP status, or something else. */
const REACTIONS: ReadonlyMap<string, Reaction> = new Map([
  ['AllocationFailed', 'NoCapacity'],
  ['ZonalAllocationFailed', 'NoCapacity'],
  ['OverconstrainedAllocationRequest', 'NoCapacity'],
  ['OverconstrainedZonalAllocationRequest', 'NoCapacity'],
  ['SkuNotAvailable', 'NoCapacity'],
  ['QuotaExceeded', 'NoCapacity'],
  ['ResourceQuotaExceeded', 'NoCapacity'],
  ['PublicIPCountLimitReached', 'NoCapacity'],
  ['NetworkInterfaceCountLimitReached', 'NoCapacity'],
  ['SubnetIsFull', 'NoCapacity'],
  ['TooManyRequests', 'RateLimited'],
  ['SubscriptionRequestsThrottled', 'RateLimited'],
  ['RequestDisallowedByPolicy', 'Invalid'],
  ['ResourcePurchaseValidationFailed', 'Invalid'],
  ['MarketplacePurchaseEligibilityFailed', 'Invalid'],
  ['MissingSubscriptionRegistration', 'Invalid'],
  ['PropertyChangeNotAllowed', 'Invalid'],
  ['ReadOnlyDisabledSubscription', 'Unauthorized'],
  ['ResourceGroupBeingDeleted', 'Invalid'],
  ['ResourceGroupNotFound', 'Invalid'],
  ['ScopeLocked', 'Invalid'],
  ['SubscriptionNotFound', 'Invalid'],
  ['NicReservedForAnotherVm', 'Transient'],
  ['NicInUse', 'Transient'],
  ['PublicIPAddressCannotBeDeleted', 'Transient'],
  ['ReferencedResourceNotProvisioned', 'Transient'],
  ['AnotherOperationInProgress', 'Transient'],
  ['CanceledAndSupersededDueToAnotherOperation', 'Transient'],
  ['RetryableError', 'Transient'],
  ['OperationPreempted', 'Transient'],
]);

/** What a person does about it, where Azure's own words do not say so. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['SkuNotAvailable', 'name more instanceTypes or zones'],
  ['QuotaExceeded', 'ask Azure for a larger quota, or lower maxSize'],
  ['ScopeLocked', 'it is locked against changes; take the lock away'],
  [
    'MissingSubscriptionRegistration',
    'register the provider in the subscription: az provider register --namespace ...',
  ],
  ['ReadOnlyDisabledSubscription', 'the subscription is disabled; enable it'],
]);
const LOGIN = 'see whether the credential is right and its role may manage virtual machines, disks and networks there';

const QUOTA = /quota|limit/i;
/** Of 404: that there is no such thing, said by Azure itself and not by a proxy before it. */
const NOT_FOUND = ['NotFound', 'ResourceNotFound', 'ImageNotFound', 'PlatformImageNotFound', 'GalleryImageNotFound'];
const IDENTITY_ERRORS = [
  'AuthenticationError',
  'AuthenticationRequiredError',
  'ClientConfigurationError',
  'CredentialUnavailableError',
];
/** What @azure/identity says of a token endpoint that gives no answer, in its message only. */
const NO_TOKEN_ENDPOINT = /network_error|endpoints_resolution_error|network unreachable/i;

interface Parts {
  readonly status: number | null;
  readonly code: string;
  readonly message: string;
}

/** What the SDK has thrown for a call, as a PortError; programming errors are left as they are. */
export function azureError(error: unknown): unknown {
  if (error instanceof PortError || !(error instanceof Error) || isProgrammingError(error)) return error;
  const { status, code, message } = partsOf(error);
  const reaction = reactionTo(error, status, code, message);
  const remedy = REMEDIES.get(code) ?? (reaction === 'Unauthorized' ? LOGIN : null);
  const retryAfterMs = retryAfterOf(error);
  const text = `Azure: ${oneLine(message)}${remedy === null ? '' : `: ${remedy}`}`;
  return new PortError(reaction, code === '' ? 'unanswered' : code, text, {
    cause: error,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
}

/** The poller of an operation has the code of its failure in its message only. */
const FAILED_OPERATION = /^The long-running operation has failed\. (\w+)\. ?([\s\S]*)$/;

/**
 * What the SDK has thrown while an operation went on. Only Azure's own word that it has failed is certain: what is said of the call that asks for
 * it (that Azure knows no such operation any more) says nothing about the operation.
 */
export function operationError(error: unknown): unknown {
  const mapped = azureError(error);
  if (!(mapped instanceof PortError) || !(error instanceof Error) || FAILED_OPERATION.test(error.message))
    return mapped;
  if (mapped.reaction === 'RateLimited') return mapped;
  const message = `what became of an operation is unknown (${mapped.message})`;
  return new PortError('Transient', 'operationLost', message, { cause: error });
}

function reactionTo(error: Error, status: number | null, code: string, message: string): Reaction {
  if (code === 'OperationNotAllowed') return operationNotAllowed(status, message);
  const known = REACTIONS.get(code);
  if (known !== undefined) return known;
  if (IDENTITY_ERRORS.includes(error.name)) return identityReaction(error);
  if (NOT_FOUND.includes(code)) return 'NotFound';
  if (status === null) return 'Transient';
  if (status === 401 || status === 403) return 'Unauthorized';
  if (status === 429) return 'RateLimited';
  if (status === 404 || status === 408 || status === 409 || status === 412 || status >= 500) return 'Transient';
  return 'Invalid';
}

/** Azure says it of too many requests, of a quota that is used up, and of what a machine does not do as it is. */
function operationNotAllowed(status: number | null, message: string): Reaction {
  if (status === 429) return 'RateLimited';
  return QUOTA.test(message) ? 'NoCapacity' : 'Invalid';
}

function identityReaction(error: Error): Reaction {
  const status = numberAt(error, 'statusCode') ?? numberAt(error.cause, 'status');
  if (status === 429) return 'RateLimited';
  return NO_TOKEN_ENDPOINT.test(error.message) || (status !== null && status >= 500) ? 'Transient' : 'Unauthorized';
}

function numberAt(value: unknown, key: string): number | null {
  const found: unknown = Object(value)[key];
  return typeof found === 'number' ? found : null;
}

function partsOf(error: Error): Parts {
  const [, failed, why] = FAILED_OPERATION.exec(error.message) ?? [];
  if (failed !== undefined) return { status: null, code: failed, message: `${why} (${failed})` };
  const status = numberAt(error, 'statusCode');
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const reason = reasonOf(error);
  return { status, code, message: code === '' ? reason : `${reason} (${code})` };
}

function retryAfterOf(error: Error): number | null {
  if (!('response' in error) || typeof error.response !== 'object' || error.response === null) return null;
  const { response } = error;
  if (!('headers' in response) || typeof response.headers !== 'object' || response.headers === null) return null;
  const headers = response.headers as { get?: (name: string) => unknown } & Record<string, unknown>;
  const value = typeof headers.get === 'function' ? headers.get('retry-after') : headers['retry-after'];
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : null;
}
