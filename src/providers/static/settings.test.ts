import { describe, expect, it } from 'vitest';
import { commandScript, whyCommandFailed } from './claim.ts';
import { providerSettingsSchema, readProviderSettings, readSettings, settingsSchema } from './settings.ts';

const template = { start: ['a', 'start'], stop: ['a', 'stop'] };
const hosts = { h: { address: '192.0.2.1' } };

describe('the settings of a launch template', () => {
  it('are what readSettings accepts', () => {
    const settings = settingsSchema('/').parse(template);
    expect(settings).toEqual({ ...template, status: null, restart: null });
    expect(readSettings(settings)).toEqual(settings);
  });

  it.each([
    [{}, ['start']],
    [{ ...template, stop: [] }, ['stop']],
    [{ ...template, restart: ['a'] }, ['restart']],
    [{ ...template, status: { tcp: 0 } }, ['status', 'tcp']],
    [{ ...template, status: { http: { port: 80 }, tcp: 80 } }, ['status']],
  ])('refuse %j', (written, path) => {
    expect(settingsSchema('/').safeParse(written).error?.issues[0]?.path).toEqual(path);
  });
});

describe('the settings of a provider', () => {
  it('reach a host by ssh, without questions and with its key checked', () => {
    const ssh = { user: 'drover', port: 2222, identityFile: 'key', knownHostsFile: 'known hosts' };
    const settings = providerSettingsSchema('/srv/shop').parse({ hosts, ssh });
    const [host] = readProviderSettings(settings).hosts;
    expect(host?.shell).toEqual([
      ...['ssh', '-T', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', 'ConnectTimeout=5'],
      ...[
        '-o',
        'ServerAliveInterval=5',
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'UserKnownHostsFile="/srv/shop/known hosts"',
      ],
      ...['-p', '2222', '-i', '/srv/shop/key', '-l', 'drover', '--', '192.0.2.1', 'sh'],
    ]);
  });

  it('have the commands for the power of each host, with its own words in them', () => {
    const written = {
      hosts: { h: { address: '192.0.2.1', variables: { bmc: '198.51.100.1' } } },
      power: { reset: ['ipmitool', '-H', '{{ drover.variables.bmc }}', '{{drover.host}}/{{ drover.address }}'] },
    };
    const { hosts: read } = readProviderSettings(providerSettingsSchema('/').parse(written));
    expect(read[0]?.power).toEqual({ wake: null, reset: ['ipmitool', '-H', '198.51.100.1', 'h/192.0.2.1'] });
  });

  it.each([
    [{}, ['hosts']],
    [{ hosts: {} }, ['hosts']],
    [{ hosts: { h: { address: 'rack-1.example' } } }, ['hosts', 'h', 'address']],
    [{ hosts: { a: { address: '192.0.2.1' }, b: { address: '192.0.2.1' } } }, ['hosts']],
    [{ hosts, ssh: { user: '-oProxyCommand=x' } }, ['ssh', 'user']],
    [{ hosts, quarantine: 5 }, ['quarantine']],
    [{ hosts, power: { reset: ['bmc', '{{ drover.variables.bmc }}'] } }, ['power', 'reset']],
    [{ hosts, power: { wake: ['wakeonlan', '{{ drover.mac }}'] } }, ['power', 'wake']],
    [{ hosts, power: { reset: [] } }, ['power', 'reset']],
  ])('refuse %j', (written, path) => {
    expect(providerSettingsSchema('/').safeParse(written).error?.issues[0]?.path).toEqual(path);
  });
});

describe('a command on a host', () => {
  it('is one word for each argument, whatever is in it', () => {
    const script = commandScript('/var/lib/drover', ['echo', "it's $(rm -rf /)", '; reboot'], { DROVER_HOST: 'h' });
    expect(script).toContain(`env DROVER_HOST='h' 'echo' 'it'\\''s $(rm -rf /)' '; reboot' </dev/null`);
  });

  it('has failed where it does not say that it has succeeded', () => {
    expect(whyCommandFailed('fine\nended:0\n')).toBeNull();
    expect(whyCommandFailed('no disk\nended:3\n')).toBe('it exits with 3: no disk');
    expect(whyCommandFailed('')).toBe('it exits with no code');
  });
});
