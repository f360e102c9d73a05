import { describe, expect, it } from 'vitest';
import { hostsOf, providerSettingsSchema, readSettings, settingsSchema } from './settings.ts';

const schema = settingsSchema('/srv/shop');
const kernel = { kernel: '/boot/vmlinuz' };

describe('the settings of a launch template', () => {
  it('fill in what is usual, and are what readSettings accepts', () => {
    const settings = schema.parse({ image: 'debian-12.qcow2' });
    expect(settings).toMatchObject({
      image: 'debian-12.qcow2',
      pool: 'default',
      memoryBytes: 1024 ** 3,
      vcpus: 1,
      virtualization: 'auto',
      network: 'default',
      bridge: null,
      addressFrom: 'lease',
      stopTimeoutMs: 60_000,
    });
    expect(readSettings(settings)).toEqual(settings);
  });

  it('read addresses from the agent where servers are on a bridge', () => {
    expect(schema.parse({ ...kernel, bridge: 'br0' })).toMatchObject({ network: null, addressFrom: 'agent' });
  });

  it.each([
    [{}, []],
    [{ image: '--config' }, ['image']],
    [{ image: '../../etc/shadow' }, ['image']],
    [{ image: 'a; destroy other' }, ['image']],
    [{ ...kernel, diskSize: '10GiB' }, ['diskSize']],
    [{ image: 'a', initrd: '/boot/initrd' }, ['initrd']],
    [{ image: 'a', kernelArguments: 'quiet' }, ['kernelArguments']],
    [{ kernel: 'vmlinuz' }, ['kernel']],
    [{ ...kernel, kernelArguments: 'a\nb' }, ['kernelArguments']],
    [{ ...kernel, memory: '1' }, ['memory']],
    [{ ...kernel, memory: '1MiB' }, ['memory']],
    [{ ...kernel, network: 'a', bridge: 'b' }, ['bridge']],
    [{ ...kernel, bridge: 'a-name-too-long-for-linux' }, ['bridge']],
    [{ ...kernel, bridge: 'br0', addressFrom: 'lease' }, ['addressFrom']],
    [{ ...kernel, network: "default'/><x" }, ['network']],
    [{ ...kernel, machineType: 'q35 "' }, ['machineType']],
    [{ ...kernel, stopTimeout: '1h' }, ['stopTimeout']],
    [{ ...kernel, vcpu: 2 }, []],
  ])('refuse %j', (written, path) => {
    const result = schema.safeParse(written);
    expect(result.error?.issues[0]?.path).toEqual(path);
  });
});

describe('the settings of a provider', () => {
  const hosts = (written: unknown) => hostsOf(providerSettingsSchema().parse(written));

  it('are the one host that Drover runs on unless there are others', () => {
    expect(hosts({})).toEqual([{ zone: null, uri: 'qemu:///system' }]);
    expect(hostsOf({})).toEqual([{ zone: null, uri: 'qemu:///system' }]);
    expect(hosts({ uri: 'qemu:///session' })).toEqual([{ zone: null, uri: 'qemu:///session' }]);
  });

  it('are several hosts as zones', () => {
    const uri = 'qemu+ssh://drover@host-a.example:2222/system?keyfile=/etc/drover/key';
    expect(hosts({ hosts: { a: { uri }, b: { uri: 'qemu+unix:///system?socket=/run/b' } } })).toEqual([
      { zone: 'a', uri },
      { zone: 'b', uri: 'qemu+unix:///system?socket=/run/b' },
    ]);
  });

  it.each([
    [{ uri: 'xen:///system' }, ['uri']],
    [{ uri: 'test:///default' }, ['uri']],
    [{ uri: 'qemu+ssh://host/system?no_verify=1' }, ['uri']],
    [{ uri: 'qemu+ssh://drover:secret@host/system' }, ['uri']],
    [{ uri: 'qemu:///system --readonly' }, ['uri']],
    [{ hosts: {} }, ['hosts']],
    [{ hosts: { a: {} } }, ['hosts', 'a', 'uri']],
    [{ hosts: { 'a:b': { uri: 'qemu:///system' } } }, ['hosts', 'a:b']],
    [{ uri: 'qemu:///system', hosts: { a: { uri: 'qemu:///system' } } }, ['uri']],
  ])('refuse %j', (written, path) => {
    expect(providerSettingsSchema().safeParse(written).error?.issues[0]?.path).toEqual(path);
  });
});
