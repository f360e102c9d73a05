import { describe, expect, it } from 'vitest';
import { meaningOf } from './errors.ts';
import { domainStates } from './libvirt.ts';
import { boxesIn, errorIn, lastDetail, parseLines, valuesOf } from './machine-readable.ts';
import { machinesIn } from './virtualbox.ts';

describe('machine-readable output', () => {
  it('has commas and line breaks in its data', () => {
    const text =
      '1795737181,,error-exit,VagrantPlugins::DockerProvider::Errors::ExecuteError,Command: ["docker"%!(VAGRANT_COMMA) "run"]\\n\\nStderr: no such image\r\n';
    expect(errorIn(parseLines(text))).toEqual({
      kind: 'VagrantPlugins::DockerProvider::Errors::ExecuteError',
      message: 'Command: ["docker", "run"]\n\nStderr: no such image',
    });
  });

  it('stands beside lines that are none of it, and lines of any number of parts', () => {
    const text = [
      'WARNING: Could not load IOV methods. Check your GSSAPI C library',
      '1795737181,web-1,metadata,provider,docker',
      '1795737181,web-1,action,up,start',
      '1795737181,web-1,ui,detail,    web-1: installing%!(VAGRANT_COMMA) please wait',
      '1795737181,web-1,ui,detail,    web-1:  \\n',
      '1795737181,,error-ex',
    ].join('\n');
    expect(lastDetail(parseLines(text))).toBe('installing, please wait');
    expect(errorIn(parseLines(text))).toBeNull();
  });

  it('names boxes with their providers, and plugins', () => {
    const text = [
      '1,,ui,info,debian/bookworm64 (libvirt%!(VAGRANT_COMMA) 12.1)',
      '1,,box-name,debian/bookworm64',
      '1,,box-provider,libvirt',
      '1,,box-version,12.1',
      '1,,box-name,tiny',
      '1,,box-provider,virtualbox',
      '1,,plugin-name,vagrant-libvirt',
    ].join('\n');
    expect(boxesIn(parseLines(text))).toEqual([
      { name: 'debian/bookworm64', provider: 'libvirt' },
      { name: 'tiny', provider: 'virtualbox' },
    ]);
    expect(valuesOf(parseLines(text), 'plugin-name')).toEqual(['vagrant-libvirt']);
    expect(boxesIn(parseLines('1,,ui,warn,There are no installed boxes!'))).toEqual([]);
  });
});

describe('what an error calls for', () => {
  it.each([
    [
      'Vagrant::Errors::MachineActionLockedError',
      'another process is already executing an action',
      'Transient',
      'locked',
    ],
    ['Vagrant::Errors::BoxAddShortNotFound', 'The box could not be found', 'Invalid', 'noBox'],
    ['Vagrant::Errors::BoxNotFoundWithProvider', 'The box does not support the provider', 'Invalid', 'noBox'],
    [
      'Vagrant::Errors::ProviderNotFoundSuggestion',
      "The provider 'libvit' could not be found",
      'Invalid',
      'providerUnusable',
    ],
    ['Vagrant::Errors::VirtualBoxKernelModuleNotLoaded', 'vboxdrv is not loaded', 'Invalid', 'providerUnusable'],
    ['Vagrant::Errors::VirtualBoxInvalidHostSubnet', 'not within the allowed ranges', 'Invalid', 'network'],
    ['Vagrant::Errors::NetworkCollision', 'collides with a non-hostonly network', 'Invalid', 'network'],
    ['Vagrant::Errors::VMBootTimeout', 'Timed out while waiting for the machine to boot', 'Transient', 'boot'],
    ['Vagrant::Errors::VBoxManageError', 'Stderr: VBoxManage: error: VERR_NO_MEMORY', 'NoCapacity', 'hostFull'],
    [
      'VagrantPlugins::DockerProvider::Errors::ExecuteError',
      'Stderr: no space left on device',
      'NoCapacity',
      'hostFull',
    ],
    [
      'VagrantPlugins::DockerProvider::Errors::ExecuteError',
      'Error response from daemon: Address already in use',
      'Transient',
      'addressTaken',
    ],
    [
      'VagrantPlugins::DockerProvider::Errors::ExecuteError',
      "Unable to find image 'x:1' locally\nError response from daemon: pull access denied for x",
      'Invalid',
      'noImage',
    ],
    [
      'VagrantPlugins::DockerProvider::Errors::ExecuteError',
      'Conflict. The container name "/web" is already in use by container "1"',
      'Invalid',
      'nameTaken',
    ],
    [
      'VagrantPlugins::ProviderLibvirt::Errors::DomainNameExists',
      'Name `web` of domain about to create is already taken.',
      'Invalid',
      'nameTaken',
    ],
    [
      'VagrantPlugins::ProviderLibvirt::Errors::FogCreateServerError',
      "cannot set up guest memory 'pc.ram': Cannot allocate memory",
      'NoCapacity',
      'hostFull',
    ],
    ['VagrantPlugins::ProviderLibvirt::Errors::NoStoragePool', 'There is no storage pool', 'Invalid', 'storagePool'],
    ['', "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied", 'Unauthorized', 'forbidden'],
    [
      '',
      "Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
      'Transient',
      'unreachable',
    ],
    [
      '',
      'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?',
      'Transient',
      'unreachable',
    ],
    [
      '',
      "Call to virStorageVolGetInfo failed: Storage volume not found: no storage vol with matching path '/x.img'",
      'Transient',
      'vagrantFailed',
    ],
    [
      'Vagrant::Errors::VagrantError',
      'The SSH command responded with a non-zero exit status. Connection refused',
      'Transient',
      'provisioning',
    ],
  ] as const)('%s: %s', (kind, message, reaction, code) => {
    expect(meaningOf({ kind, message }, 'vagrant up of web')).toMatchObject({ reaction, code });
  });

  it('is said in one line, with what to do next', () => {
    const { message } = meaningOf(
      { kind: 'Vagrant::Errors::BoxNotFound', message: 'The box\n\nis missing.' },
      'vagrant up',
    );
    expect(message).toBe('vagrant up: The box is missing; add it: vagrant box add NAME');
  });
});

describe('what hypervisors print', () => {
  it('names the states of libvirt', () => {
    const text = [
      "Domain: 'shop-i-1'\n  state.state=1\n  state.reason=1\n",
      "Domain: 'shop-i-2'\n  state.state=5\n  state.reason=3\n",
      "Domain: 'it''s'\n  state.state=3\n  state.reason=1\n",
    ].join('\n');
    expect(domainStates(text)).toEqual(
      new Map([
        ['shop-i-1', { isRunning: true, detail: '' }],
        ['shop-i-2', { isRunning: false, detail: 'the domain is shut off after a crash' }],
        ["it''s", { isRunning: false, detail: 'the domain is paused' }],
      ]),
    );
  });

  it('names the machines of VirtualBox, whatever they are called', () => {
    const id = '0d6b5c7e-0000-4000-8000-000000000001';
    const text = `"shop-i-1" {${id}}\r\n"a "quoted" one" {${id}}\n"<inaccessible>" {${id}}\nnonsense\n`;
    expect([...machinesIn(text).keys()]).toEqual(['shop-i-1', 'a "quoted" one', '<inaccessible>']);
  });
});
