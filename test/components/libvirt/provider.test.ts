import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { libvirtProvider } from '../../../src/providers/libvirt/index.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { LibvirtHost } from '../../support/libvirt-host.ts';
import { LibvirtWorld, settings } from '../../support/libvirt-world.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';

const FLEET = 'shop';
const BASE = 'base.qcow2';
const USER_DATA = `#!/bin/sh
echo "{{ drover.instanceId }} of {{ drover.group }}, {{ drover.secrets.WORD }}, on $(head -c 4 /dev/vda)" > /www/index.html
cat /seed/meta-data > /www/meta-data
`;

requires('libvirt')('the libvirt provider', () => {
  const { signal } = new AbortController();
  let host: LibvirtHost;
  let world: LibvirtWorld;
  let provider: Provider;

  beforeAll(async () => {
    host = await LibvirtHost.start(4);
    await host.addBaseImage(BASE);
  });
  afterAll(() => host.dispose());

  beforeEach(async () => {
    world = await LibvirtWorld.make(host);
    provider = await world.open(FLEET);
  });
  afterEach(() => world.dispose());

  const launch = (instanceId: string, written: JsonObject = {}) =>
    provider.launch(launchRequest(instanceId, { settings: settings(written) }), signal);
  const list = async () => (await provider.list(signal)).machines;
  const addressOf = async (instanceId: string) => {
    const address = async () => (await list()).find((machine) => machine.instanceId === instanceId)?.addresses[0];
    await expect.poll(address, { timeout: 60_000, interval: 200 }).toEqual(expect.any(String));
    return String(await address());
  };
  const page = (address: string, path: string) =>
    fetch(`http://${address}${path}`).then(
      (response) => response.text(),
      () => '',
    );

  it('gives a server a disk of its own and its user data, shuts it down in order, and leaves the base image alone', async () => {
    const secret = join(world.dataDir, 'word');
    await writeFile(secret, 'open sesame\n');
    const userData = { text: USER_DATA, secrets: { WORD: { file: secret } } };
    const machine = await launch('i-1', { image: BASE, diskSize: '8MiB', userData, stopTimeout: '1m' });
    expect((await host.volumes()).toSorted()).toEqual([BASE, `${machine.id}.qcow2`, `${machine.id}.seed.iso`]);
    // What was used to make it is gone from Drover's own folder.
    expect(await readdir(world.dataDir)).toEqual(['word']);

    const address = await addressOf('i-1');
    await expect.poll(() => page(address, '/'), { timeout: 60_000 }).toBe('i-1 of web, open sesame, on base\n');
    expect(JSON.parse(await page(address, '/meta-data'))).toEqual({ 'instance-id': 'i-1', 'local-hostname': 'i-1' });

    let events = 0;
    const stop = provider.watch(() => {
      events += 1;
    });
    await terminated(provider, machine.id);
    stop();
    expect(events).toBeGreaterThan(0);
    expect(await host.domains()).toEqual([]);
    expect(await host.volumes()).toEqual([BASE]);
  });

  it('tells of a machine that ends, at once, and how it has ended', async () => {
    const machine = await launch('i-1');
    let events = 0;
    const stop = provider.watch(() => {
      events += 1;
    });
    const pid = await host.pidOf(machine.id);
    await expect
      .poll(async () => {
        // The watch takes a moment to be connected.
        await host.virsh('suspend', machine.id);
        await host.virsh('resume', machine.id);
        return events;
      })
      .toBeGreaterThan(0);
    const before = events;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => events).toBeGreaterThan(before);
    stop();
    await expect.poll(list).toMatchObject([{ state: 'stopped', detail: 'shut off: its process ended unexpectedly' }]);
  });

  it('goes on with a launch that was killed at any step, and starts a machine once', async () => {
    const launched = { image: BASE, userData: { text: 'hello' }, stopTimeout: '1s' };
    for (const [index, step] of ['define', 'vol-create-as', 'vol-upload', 'start'].entries()) {
      const stop = new AbortController();
      const request = launchRequest(`i-${index}`, { settings: settings(launched) });
      const name = `drover-${FLEET}-${request.instanceId}`;
      const call = provider.launch(request, stop.signal).catch((error: unknown) => error);
      const isReached = async () => {
        const domains = await host.domains();
        const volumes = await host.volumes();
        if (step === 'define') return domains.includes(name);
        if (step === 'vol-create-as') return volumes.includes(`${name}.qcow2`);
        if (step === 'vol-upload') return volumes.includes(`${name}.seed.iso`);
        return (await host.virsh('domstate', name).catch(() => '')).includes('running');
      };
      await expect.poll(isReached, { interval: 1 }).toBe(true);
      stop.abort();
      await call;
      await provider.close();
      provider = await world.open(FLEET);
      const machine = await provider.launch(request, signal);
      expect(['running', 'stopped']).toContain(machine.state);
      expect(await list()).toHaveLength(1);
      await terminated(provider, machine.id);
      expect(await host.domains()).toEqual([]);
      expect(await host.volumes()).toEqual([BASE]);
    }
  });

  it('leaves nothing of a launch that cannot succeed, and says why', async () => {
    const refused = (written: JsonObject) =>
      launch('i-1', written).then(
        () => null,
        (error: unknown) => error,
      );
    const cases: readonly (readonly [JsonObject, JsonObject])[] = [
      [{ image: 'nothing.qcow2' }, { reaction: 'Invalid', code: 'noImage' }],
      [
        { image: BASE, pool: 'nowhere' },
        { reaction: 'Invalid', code: 'noPool' },
      ],
      [
        { image: BASE, diskSize: '1MiB', kernel: '/nothing' },
        { reaction: 'Invalid', code: 'noFile' },
      ],
      [{ network: 'nowhere' }, { reaction: 'Invalid', code: 'noNetwork' }],
      [{ machineType: 'quantum' }, { reaction: 'Invalid', code: 'refused' }],
      [{ memory: '1024GiB' }, { reaction: 'NoCapacity', code: 'noMemory' }],
      [
        { userData: { text: 'a', secrets: { WORD: { file: '/nothing' } } } },
        { reaction: 'Unauthorized', code: 'secret' },
      ],
    ];
    for (const [written, error] of cases) {
      expect(await refused(written)).toMatchObject(error);
      expect(await host.domains()).toEqual([]);
      expect(await host.volumes()).toEqual([BASE]);
    }
    const { network: _, ...onBridge } = settings();
    const bridge = { ...onBridge, network: null, bridge: 'nobridge', addressFrom: 'arp' };
    const request = launchRequest('i-1', { settings: bridge });
    await expect(provider.launch(request, signal)).rejects.toMatchObject({ reaction: 'Invalid', code: 'noBridge' });
    expect(await host.domains()).toEqual([]);
  });

  it('takes no domain for its own that only looks like one', async () => {
    const machine = await launch('i-1');
    const xml = await host.virsh('dumpxml', '--inactive', machine.id);
    const define = async (name: string, change: (text: string) => string) => {
      const file = join(world.dataDir, 'domain.xml');
      const other = xml
        .replace(/<uuid>.*<\/uuid>/, '')
        .replace(/<mac .*>/, '')
        .replace(machine.id, name);
      await writeFile(file, change(other));
      await host.virsh('define', file);
    };
    await define('drover-shop-i-2', (text) => text.replace(/<drover:machine[^>]*\/>/, ''));
    await define('drover-shop-i-3', (text) => text);
    await define('drover-shop-i-4', (text) =>
      text.replace('fleet="shop"', 'fleet="other"').replace("fleet='shop'", 'fleet="other"'),
    );
    expect((await list()).map(({ instanceId }) => instanceId)).toEqual(['i-1']);
    for (const id of ['i-2', 'i-3', 'i-4']) {
      await expect(provider.terminate(`drover-shop-${id}`, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
    }
    await expect(launch('i-2')).rejects.toMatchObject({ reaction: 'Invalid', code: 'otherDomain' });
    await terminated(provider, machine.id);
    expect(await host.domains()).toHaveLength(3);
  });

  it('looks at all that servers need', async () => {
    const providerSettings = libvirtProvider.providerSettingsSchema?.('/').parse(world.providerSettings) ?? {};
    const context = {
      fleet: FLEET,
      settings: providerSettings,
      dataDir: world.dataDir,
      clock: world.clock,
      onProblem: () => undefined,
    };
    const findings = (await libvirtProvider.diagnose?.(context, signal)) ?? [];
    const said = findings.map(({ message }) => message).join('\n');
    for (const what of [
      /is reached, with QEMU \d/,
      /virtualization/,
      /MiB of memory left/,
      /network servers .* is active/,
      /pool default .* MiB left/,
    ]) {
      expect(said).toMatch(what);
    }
    const unreached = { ...context, settings: { hosts: [{ zone: 'a', uri: 'qemu+unix:///system?socket=/nothing' }] } };
    expect(await libvirtProvider.diagnose?.(unreached, signal)).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('host a') }),
    );
  });
});
