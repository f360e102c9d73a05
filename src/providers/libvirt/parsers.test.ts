import { describe, expect, it } from 'vitest';
import { addressesByMac, countLeases } from './addresses.ts';
import { domainXml } from './domain-xml.ts';
import { virshError } from './errors.ts';
import { readSettings, settingsSchema } from './settings.ts';
import { machineState, parseStates } from './states.ts';
import { domainName, macOf, mayBeOf, type Tags, tagsIn, uuidOf } from './tags.ts';

describe('addresses', () => {
  it('are read from leases, the newest where a machine has several, IPv4 first', () => {
    const leases = `
 2026-11-27 00:38:41   02:54:00:7f:3a:df   ipv4   172.29.15.144/24   -      01:52:54:00:7f:3a:df
 2026-11-27 00:39:41   02:54:00:7f:3a:df   ipv4   172.29.15.145/24   web    ff:56:50:4d:98:00:02:00:00:ab:11
 2026-11-27 00:38:46   02:54:00:9b:f2:61   ipv6   fd00::5/64         -      -
 2026-11-27 00:38:46   02:54:00:9b:f2:61   ipv4   172.29.15.174/24   -      -
`;
    expect(addressesByMac(leases)).toEqual(
      new Map([
        ['02:54:00:7f:3a:df', ['172.29.15.145']],
        ['02:54:00:9b:f2:61', ['172.29.15.174', 'fd00::5']],
      ]),
    );
    expect(countLeases(leases)).toBe(4);
  });

  it('are read from what the guest agent says, without those that only the machine itself reaches', () => {
    const answer = ` lo         00:00:00:00:00:00    ipv4         127.0.0.1/8
 -          -                    ipv6         ::1/128
 eth0       02:54:00:6B:3C:86    ipv4         192.168.122.214/24
 -          -                    ipv6         fe80::5054:ff:fe6b:3c86/64
`;
    expect(addressesByMac(answer)).toEqual(new Map([['02:54:00:6b:3c:86', ['192.168.122.214']]]));
  });
});

describe('states', () => {
  it('are read for all domains, whatever they are called', () => {
    const text =
      "Domain: 'a'\n  state.state=1\n  state.reason=1\n\nDomain: 'it's 'b''\n  state.state=5\n  state.reason=3\n";
    const states = parseStates(text);
    expect([...states.keys()]).toEqual(['a', "it's 'b'"]);
    expect(machineState(states.get('a') ?? { state: 0, reason: 0 })).toEqual({ state: 'running', detail: '' });
    expect(machineState({ state: 5, reason: 3 })).toEqual({
      state: 'stopped',
      detail: 'shut off: its process ended unexpectedly',
    });
    expect(machineState({ state: 3, reason: 5 })).toMatchObject({ state: 'running', detail: /I\/O error/ });
    expect(machineState({ state: 3, reason: 10 })).toMatchObject({ state: 'stopped' });
  });
});

const tags: Tags = {
  fleet: 'shop',
  group: 'web',
  instanceId: 'i-1',
  launchedAt: 1_700_000_000_000,
  phase: 'launched',
  pool: 'default',
  network: 'default',
  addressFrom: 'lease',
  stopTimeoutMs: 5000,
};

describe('names and tags', () => {
  it('are of one machine, the same for whoever launches it', () => {
    const name = domainName('shop', 'i-1');
    expect(uuidOf(name)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidOf(name)).toBe(uuidOf('drover-shop-i-1'));
    expect(macOf(name, 1)).toMatch(/^02(?::[0-9a-f]{2}){5}$/);
    expect(macOf(name, 1)).not.toBe(macOf(name, 2));
  });

  it.each(['../x', 'a b', 'a;destroy', '', '-x', 'x'.repeat(65)])('are no names of %j', (id) => {
    expect(() => domainName('shop', id)).toThrow(expect.objectContaining({ reaction: 'Invalid' }));
    expect(mayBeOf('shop', `drover-shop-${id}`)).toBe(false);
  });

  it('come back from a domain as they were written, whatever is in its settings', async () => {
    const hostile = `x="1" '<&>' ]]> </domain>`;
    const written = { kernel: `/boot/${hostile}`, kernelArguments: hostile, bridge: 'br0' };
    const settings = readSettings(settingsSchema('/').parse(written));
    const disks = { disk: `/pool/${hostile}`, seed: null };
    const xml = await domainXml({ name: 'drover-shop-i-1', tags, settings, type: 'qemu', disks });
    expect(xml).not.toContain(hostile);
    expect(xml.match(/<\/domain>/g)).toHaveLength(1);
    const element = /<drover:machine[^>]*\/>/.exec(xml)?.[0] ?? '';
    expect(await tagsIn(element, 'shop', 'drover-shop-i-1')).toEqual(tags);
    expect(await tagsIn(element, 'shop', 'drover-shop-i-2')).toBeNull();
    expect(await tagsIn(element, 'other', 'drover-shop-i-1')).toBeNull();
  });

  it.each(['', 'error', '<machine/>', '<machine fleet="shop"/>', '<a'])('are none in %j', async (text) => {
    expect(await tagsIn(text, 'shop', 'drover-shop-i-1')).toBeNull();
  });
});

describe('what virsh complains of', () => {
  it.each([
    ["error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied", 'Unauthorized'],
    ["error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory", 'Transient'],
    ['error: Cannot recv data: drover@host: Permission denied (publickey).: Connection reset by peer', 'Unauthorized'],
    ['error: Cannot recv data: Host key verification failed.: Connection reset by peer', 'Unauthorized'],
    ['error: Cannot recv data: ssh: connect to host a port 22: Connection refused: Connection reset', 'Transient'],
    ['error: authentication unavailable: no polkit agent available to authenticate action', 'Unauthorized'],
    ["error: Storage pool not found: no storage pool with matching name 'x'", 'Invalid'],
    ["error: Requested operation is not valid: storage pool 'x' is not active", 'Invalid'],
    ["error: failed to get vol 'x'", 'Invalid'],
    ["error: Requested operation is not valid: network 'x' is not active", 'Invalid'],
    ["error: Cannot get interface MTU on 'br9': No such device", 'Invalid'],
    [
      "error: internal error: qemu unexpectedly closed the monitor: cannot set up guest memory 'pc.ram': Cannot allocate memory",
      'NoCapacity',
    ],
    [
      'error: internal error: Child process (/usr/bin/qemu-img create) unexpected exit status 1: No space left on device',
      'NoCapacity',
    ],
    ['error: something new', 'Transient'],
  ])('%s: %s', (complaint, reaction) => {
    expect(virshError('virsh start', complaint)).toMatchObject({ reaction });
  });
});
