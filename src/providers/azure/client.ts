import { readFile } from 'node:fs/promises';
import type { ComputeManagementClient } from '@azure/arm-compute';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { TokenCredential } from '@azure/identity';
import { PortError } from '../../ports/errors.ts';
import { readSecret } from '../secret.ts';
import { azureError, operationError } from './errors.ts';
import type { InstanceSettings } from './settings.ts';

export interface Clients {
  readonly compute: ComputeManagementClient;
  readonly network: NetworkManagementClient;
}

/** An operation that Azure goes on with once it has taken the call. */
interface Operation<T> {
  /** Resolves when Azure has taken the call. */
  submitted(): Promise<void>;
  pollUntilDone(options: { abortSignal: AbortSignal }): Promise<T>;
}

/** The call that an operation begins with. */
export type Begin<T> = (clients: Clients, resourceGroup: string) => Operation<T>;

/** The SDK's clients of one subscription. The SDK is loaded when the first call is made, because that takes its time. */
export class AzureClient {
  readonly #settings: InstanceSettings;
  #clients: Clients | null = null;
  /** What the clients were made with: a secret that has changed makes new ones. */
  #secret = '';

  constructor(settings: InstanceSettings) {
    this.#settings = settings;
  }

  /** Makes calls. @throws PortError */
  async call<T>(run: (clients: Clients, resourceGroup: string) => Promise<T>): Promise<T> {
    try {
      return await run(await this.#current(), this.#settings.resourceGroup);
    } catch (error) {
      throw azureError(error);
    }
  }

  /** What a call finds; null where there is nothing. */
  async find<T>(run: (clients: Clients, resourceGroup: string) => Promise<T>): Promise<T | null> {
    try {
      return await this.call(run);
    } catch (error) {
      if (error instanceof PortError && error.reaction === 'NotFound') return null;
      throw error;
    }
  }

  /** Begins an operation, and does not wait for its end. @throws PortError */
  async begin(begin: Begin<unknown>): Promise<void> {
    await this.call((clients, group) => begin(clients, group).submitted());
  }

  /** Begins an operation, and waits for its end as often as Azure says. @throws PortError */
  async operate<T>(begin: Begin<T>, abortSignal: AbortSignal): Promise<T> {
    const { operation } = await this.call(async (clients, group) => {
      const operation = begin(clients, group);
      await operation.submitted();
      // By itself it would be awaited here.
      return { operation };
    });
    try {
      return await operation.pollUntilDone({ abortSignal });
    } catch (error) {
      throw operationError(error);
    }
  }

  async #current(): Promise<Clients> {
    const { credential } = this.#settings;
    const secret = credential.kind === 'clientSecret' ? await readSecret(credential.secret) : '';
    if (this.#clients !== null && secret === this.#secret) return this.#clients;
    const clients = await makeClients(this.#settings, secret);
    this.#clients = clients;
    this.#secret = secret;
    return clients;
  }
}

async function makeClients(settings: InstanceSettings, secret: string): Promise<Clients> {
  const { subscriptionId, endpoint, caFile } = settings;
  const { ComputeManagementClient } = await import('@azure/arm-compute');
  const { NetworkManagementClient } = await import('@azure/arm-network');
  const tls = caFile === null ? {} : { tlsOptions: { ca: await readFile(caFile, 'utf8') } };
  // What a refusal calls for is decided by the controller, and counted there.
  const common = { ...tls, retryOptions: { maxRetries: 0 } };
  const credential = await credentialOf(settings, secret, common);
  const scopes = [`${endpoint.replace(/\/$/, '')}/.default`];
  const options = { ...common, endpoint, credentials: { scopes } };
  return {
    compute: new ComputeManagementClient(credential, subscriptionId, options),
    network: new NetworkManagementClient(credential, subscriptionId, options),
  };
}

async function credentialOf(
  { credential, authority }: InstanceSettings,
  secret: string,
  common: object,
): Promise<TokenCredential> {
  const { ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential } = await import(
    '@azure/identity'
  );
  // A private authority is known to nobody but its own users.
  const options = { ...common, authorityHost: authority, disableInstanceDiscovery: true };
  switch (credential.kind) {
    case 'clientSecret':
      return new ClientSecretCredential(credential.tenantId, credential.clientId, secret, options);
    case 'managedIdentity':
      return credential.clientId === null
        ? new ManagedIdentityCredential(options)
        : new ManagedIdentityCredential({ ...options, clientId: credential.clientId });
    case 'workloadIdentity': {
      const { tenantId, clientId, tokenFile } = credential;
      return new WorkloadIdentityCredential({ ...options, tenantId, clientId, tokenFilePath: tokenFile });
    }
  }
}
