import type * as ec2 from '@aws-sdk/client-ec2';
import type * as providers from '@aws-sdk/credential-providers';
import type { Clock } from '../../ports/clock.ts';
import { readSecret } from '../secret.ts';
import { ec2Error } from './errors.ts';
import type { AwsSettings } from './provider-settings.ts';

/** Throttled and lost calls are repeated by the SDK, which slows down by itself while EC2 throttles. */
const MAX_ATTEMPTS = 4;
const CONNECTION_TIMEOUT_MS = 5_000;
/** RunInstances and DescribeInstances of a thousand take seconds. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How long a key that was read is used before it is read again. */
const KEY_LIFETIME_MS = 300_000;
const SESSION_NAME = 'drover';

type Sdk = typeof ec2;
type CredentialProvider = ReturnType<typeof providers.fromNodeProviderChain>;

/** EC2 in one region with one set of credentials. The SDK (some 100 MB of memory) is loaded by the first call. */
export class Ec2 {
  readonly #settings: AwsSettings;
  readonly #clock: Clock;
  #opened: Promise<{ readonly sdk: Sdk; readonly client: ec2.EC2Client }> | null = null;

  constructor(settings: AwsSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Asks EC2; `what` is that in words. @throws PortError */
  async ask<T>(what: string, ask: (client: ec2.EC2Client, sdk: Sdk) => Promise<T>): Promise<T> {
    try {
      this.#opened ??= this.#open();
      const { client, sdk } = await this.#opened;
      return await ask(client, sdk);
    } catch (error) {
      throw ec2Error(`${what} in ${this.#settings.region}`, error);
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => null);
    opened?.client.destroy();
  }

  async #open() {
    const sdk = await import('@aws-sdk/client-ec2');
    const { region, endpoint } = this.#settings;
    const client = new sdk.EC2Client({
      region,
      ...(endpoint === null ? {} : { endpoint }),
      credentials: await this.#credentials(),
      maxAttempts: MAX_ATTEMPTS,
      retryMode: 'adaptive',
      requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    });
    return { sdk, client };
  }

  async #credentials(): Promise<CredentialProvider> {
    const { region, profile, assumeRole, endpoint } = this.#settings;
    const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
    const own = this.#ownKey() ?? fromNodeProviderChain(profile === null ? {} : { profile });
    if (assumeRole === null) return own;
    const { arn, externalId } = assumeRole;
    return fromTemporaryCredentials({
      masterCredentials: own,
      params: {
        RoleArn: arn,
        RoleSessionName: SESSION_NAME,
        ...(externalId === null ? {} : { ExternalId: externalId }),
      },
      clientConfig: { region, ...(endpoint === null ? {} : { endpoint }) },
    });
  }

  /** The key that the settings name; null where the SDK is to find one. */
  #ownKey(): CredentialProvider | null {
    const { credentials } = this.#settings;
    if (credentials === null) return null;
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    return async () => ({
      accessKeyId: await readSecret(accessKeyId),
      secretAccessKey: await readSecret(secretAccessKey),
      ...(sessionToken === null ? {} : { sessionToken: await readSecret(sessionToken) }),
      expiration: new Date(this.#clock.now() + KEY_LIFETIME_MS),
    });
  }
}
