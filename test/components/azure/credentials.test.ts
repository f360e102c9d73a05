import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { PortError } from '../../../src/ports/errors.ts';
import { azureProvider } from '../../../src/providers/azure/index.ts';
import { ACCESS_TOKEN, CLIENT, CLIENT_SECRET, FEDERATED_TOKEN, TENANT } from '../../support/azure/fake-azure.ts';
import { Refusal } from '../../support/azure/subscription.ts';
import { AzureWorld } from '../../support/azure/world.ts';
import { requires } from '../../support/requires.ts';

const METADATA_HOST = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';
const { signal } = new AbortController();

requires('openssl')('credentials for Azure', () => {
  let world: AzureWorld;
  let folder: string;

  beforeEach(async () => {
    world = await AzureWorld.make();
    folder = await mkdtemp(join(tmpdir(), 'drover-azure-'));
  });

  afterEach(async () => {
    delete env[METADATA_HOST];
    delete env.DROVER_TEST_OTHER_SECRET;
    await world.dispose();
    await rm(folder, { recursive: true });
  });

  const clientSecret = (secret: JsonObject): JsonObject => ({
    credential: { kind: 'clientSecret', tenantId: TENANT, clientId: CLIENT, secret },
  });

  async function list(more: JsonObject) {
    const provider = azureProvider.create(world.context('shop', more));
    try {
      return await provider.list(signal).catch((error: unknown) => error);
    } finally {
      await provider.close();
    }
  }

  it('are refused when the secret is wrong, and taken once it is right', async () => {
    env.DROVER_TEST_OTHER_SECRET = 'wrong';
    const provider = azureProvider.create(
      world.context('shop', clientSecret({ variable: 'DROVER_TEST_OTHER_SECRET' })),
    );
    await expect(provider.list(signal)).rejects.toMatchObject({
      reaction: 'Unauthorized',
      message: expect.stringMatching(/AADSTS7000215.* see whether the credential is right/),
    });
    env.DROVER_TEST_OTHER_SECRET = env.DROVER_TEST_AZURE_SECRET;
    expect(await provider.list(signal)).toMatchObject({ machines: [] });
    await provider.close();
  });

  it('are missing when the secret cannot be read', async () => {
    expect(await list(clientSecret({ variable: 'DROVER_TEST_NO_SUCH' }))).toMatchObject({
      reaction: 'Unauthorized',
      message: expect.stringContaining('DROVER_TEST_NO_SUCH'),
    });
  });

  it.each([
    [429, 'RateLimited'],
    [500, 'Transient'],
    [503, 'Transient'],
  ])('are no matter of the secret when the token endpoint answers HTTP %i', async (status, reaction) => {
    world.fake.fail('POST', 'token', new Refusal(status, 'temporarily_unavailable', 'not now'), 9);
    expect(await list({})).toMatchObject({ reaction });
  });

  it('are no matter of the secret when the token endpoint gives no answer', async () => {
    world.fake.fail('POST', 'token', 'loseAnswer', 9);
    expect(await list({})).toMatchObject({ reaction: 'Transient' });
    const gone = await AzureWorld.make();
    const { endpoint } = gone.fake;
    await gone.dispose();
    expect(await list({ authority: endpoint })).toMatchObject({ reaction: 'Transient' });
    expect(await list({ endpoint })).toMatchObject({ reaction: 'Transient' });
  });

  it('are in no error: neither the secret nor a token', async () => {
    const refused = new Refusal(500, 'InternalServerError', 'not now');
    world.fake.fail('GET', 'virtualMachines', refused);
    const said = [await list({})];
    world.fake.fail('POST', 'token', refused, 9);
    said.push(await list({}));
    env.DROVER_TEST_OTHER_SECRET = `not ${CLIENT_SECRET}`;
    said.push(await list(clientSecret({ variable: 'DROVER_TEST_OTHER_SECRET' })));
    for (const error of said) {
      expect(error).toBeInstanceOf(PortError);
      for (const text of [inspect(error, { depth: 30 }), JSON.stringify(error)]) {
        expect(text).not.toContain(`Bearer ${ACCESS_TOKEN}`);
        expect(text).not.toContain(CLIENT_SECRET);
        expect(text).not.toContain(new URLSearchParams({ CLIENT_SECRET }).toString().slice('CLIENT_SECRET='.length));
      }
    }
  });

  it('may come from a federation: workload identity', async () => {
    const tokenFile = join(folder, 'token');
    const credential = { kind: 'workloadIdentity', tenantId: TENANT, clientId: CLIENT, tokenFile };
    expect(await list({ credential })).toMatchObject({ reaction: 'Unauthorized' });
    await writeFile(tokenFile, 'another');
    expect(await list({ credential })).toMatchObject({ reaction: 'Unauthorized' });
    await writeFile(tokenFile, FEDERATED_TOKEN);
    expect(await list({ credential })).toMatchObject({ machines: [] });
  });

  it('may come from the machine that Drover runs on: managed identity', async () => {
    const asked: URL[] = [];
    let status = 200;
    const metadata = createServer((request, response) => {
      asked.push(new URL(request.url ?? '/', 'http://metadata'));
      const token = { access_token: ACCESS_TOKEN, expires_in: '3599', resource: 'any', token_type: 'Bearer' };
      const refusal = { error: 'invalid_request', error_description: 'Identity not found' };
      response.writeHead(request.headers.metadata === 'true' ? status : 400, { 'content-type': 'application/json' });
      response.end(JSON.stringify(status === 200 ? token : refusal));
    });
    await listen(metadata);
    env[METADATA_HOST] = `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`;
    expect(await list({ credential: { kind: 'managedIdentity' } })).toMatchObject({ machines: [] });
    expect(await list({ credential: { kind: 'managedIdentity', clientId: CLIENT } })).toMatchObject({ machines: [] });
    expect(asked.at(0)?.searchParams.get('resource')).toBe(world.fake.endpoint);
    expect(asked.at(-1)?.searchParams.get('client_id')).toBe(CLIENT);
    status = 400;
    const another = { kind: 'managedIdentity', clientId: TENANT };
    expect(await list({ credential: another })).toMatchObject({ reaction: 'Unauthorized' });
    await new Promise((resolve) => metadata.close(resolve));
  });
});

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
}
