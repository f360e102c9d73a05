import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { DockerEngine } from '../../support/docker-engine.ts';
import { DockerWorld } from '../../support/docker-world.ts';
import { freePort } from '../../support/free-ports.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';
import { CertificateAuthority, type Certified } from '../../support/tls-files.ts';

requires('docker')('an engine behind TLS', () => {
  const { signal } = new AbortController();
  let folder: string;
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  let client: Certified;
  let engine: DockerEngine;
  let port: number;
  const worlds: DockerWorld[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-tls-'));
    authority = await CertificateAuthority.make(join(folder, 'ours'));
    stranger = await CertificateAuthority.make(join(folder, 'others'));
    client = await authority.sign('client', 'DNS:drover');
    const server = await authority.sign('engine', 'IP:127.0.0.1');
    port = await freePort();
    engine = await DockerEngine.start([
      ...['--host', `tcp://127.0.0.1:${port}`, '--tlsverify', '--tlscacert', authority.cert],
      ...['--tlscert', server.cert, '--tlskey', server.key],
    ]);
  });
  afterAll(async () => {
    for (const world of worlds) await world.dispose();
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const reachedWith = ({ cert, key }: Certified, ca = authority.cert, host = '127.0.0.1') => {
    const world = new DockerWorld([engine], { publishedPorts: [80] }, [
      { engine: `tcp://${host}:${port}`, tls: { ca, cert, key }, address: '127.0.0.1' },
    ]);
    worlds.push(world);
    return world;
  };
  const launch = (provider: Provider, world: DockerWorld) =>
    provider.launch(launchRequest('i-1', { settings: world.settings }), signal);

  it('has servers as any other: they are launched, listed, followed and ended', async () => {
    const world = reachedWith(client);
    const provider = await world.open('shop');
    let events = 0;
    const stop = provider.watch(() => {
      events += 1;
    });
    const machine = await launch(provider, world);
    expect(machine).toMatchObject({ state: 'running', addresses: ['127.0.0.1'] });
    const before = events;
    await engine.kill('drover.shop.i-1');
    await expect.poll(() => events).toBeGreaterThan(before);
    await expect.poll(async () => (await provider.list(signal)).machines).toMatchObject([{ state: 'stopped' }]);
    stop();
    await terminated(provider, machine.id);
    expect(await engine.containers()).toEqual([]);
    expect((await world.diagnose()).map(({ message }) => message).join('\n')).toMatch(/is reached: version/);
  });

  it('is used with the certificates that there are now: one that has expired is replaced without a restart', async () => {
    const files = { cert: join(folder, 'drover.pem'), key: join(folder, 'drover-key.pem') };
    const put = async ({ cert, key }: Certified) => {
      await copyFile(cert, files.cert);
      await copyFile(key, files.key);
    };
    await put(await authority.sign('expired', 'DNS:drover', -1));
    const provider = await reachedWith(files).open('shop');
    await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Unauthorized', code: 'tls' });
    await put(client);
    expect((await provider.list(signal)).machines).toEqual([]);
  });

  it.each([
    [
      'Drover has the certificate of another authority',
      async () => reachedWith(await stranger.sign('client', 'DNS:drover')),
    ],
    ['Drover trusts another authority', async () => reachedWith(client, stranger.cert)],
    ['it has another name than its certificate', async () => reachedWith(client, authority.cert, 'localhost')],
    ['a file is missing', async () => reachedWith({ ...client, cert: join(folder, 'nothing.pem') })],
    ['a file is no certificate', async () => reachedWith({ ...client, cert: client.key })],
  ])('is not used, and doctor says why, where %s', async (_, make) => {
    const world = await make();
    const provider = await world.open('shop');
    const refused = { reaction: 'Unauthorized', code: 'tls', message: expect.stringMatching(/tls/) };
    await expect(provider.list(signal)).rejects.toMatchObject(refused);
    await expect(launch(provider, world)).rejects.toMatchObject(refused);
    expect(await world.diagnose()).toMatchObject([
      { level: 'error', message: expect.stringMatching(/cannot be used/) },
    ]);
    expect(await engine.containers()).toEqual([]);
  });

  it('is not spoken to without TLS', async () => {
    const world = new DockerWorld([engine], {}, [{ engine: `tcp://127.0.0.1:${port}` }]);
    worlds.push(world);
    const refused = { reaction: 'Unauthorized', code: 'tls' };
    await expect((await world.open('shop')).list(signal)).rejects.toMatchObject(refused);
  });
});
