import type { JsonObject } from '../../model/json.ts';
import type { LibvirtSettings } from './settings.ts';
import { macOf, TAG_NAMESPACE, type Tags, uuidOf } from './tags.ts';
import { buildXml } from './xml.ts';

/** The paths of a machine's volumes on its host; null for what it has not, or not yet. */
export interface Disks {
  readonly disk: string | null;
  readonly seed: string | null;
}

export interface DomainPlan {
  readonly name: string;
  readonly tags: Tags;
  readonly settings: LibvirtSettings;
  readonly type: 'kvm' | 'qemu';
  readonly disks: Disks;
}

const KIB = 1024;

/**
 * The domain as libvirt keeps it. What ends stays off, so that it is seen as stopped and is not started again; after a restart of the
 * host, too.
 */
export function domainXml({ name, tags, settings, type, disks }: DomainPlan): Promise<string> {
  const { kernel, initrd, kernelArguments, machineType, memoryBytes, vcpus } = settings;
  const machine = machineType === null ? {} : { '@machine': machineType };
  const direct = {
    ...(kernel === null ? {} : { kernel }),
    ...(initrd === null ? {} : { initrd }),
    ...(kernelArguments === null ? {} : { cmdline: kernelArguments }),
  };
  return buildXml({
    domain: {
      '@type': type,
      name,
      uuid: uuidOf(name),
      metadata: { 'drover:machine': { '@xmlns:drover': TAG_NAMESPACE, ...tagAttributes(tags) } },
      memory: { '@unit': 'KiB', '#text': Math.ceil(memoryBytes / KIB) },
      vcpu: vcpus,
      os: { type: { ...machine, '#text': 'hvm' }, ...direct },
      features: { acpi: '', apic: '' },
      // What an emulated processor can do at most: newer distributions do not start on the oldest one.
      cpu: { '@mode': type === 'kvm' ? 'host-passthrough' : 'maximum' },
      on_poweroff: 'destroy',
      on_reboot: 'restart',
      on_crash: 'destroy',
      devices: {
        disk: diskElements(disks),
        interface: interfaceElement(name, tags, settings),
        controller: { '@type': 'usb', '@model': 'none' },
        serial: { '@type': 'pty' },
        channel: { '@type': 'unix', target: { '@type': 'virtio', '@name': 'org.qemu.guest_agent.0' } },
        rng: { '@model': 'virtio', backend: { '@model': 'random', '#text': '/dev/urandom' } },
      },
    },
  });
}

function tagAttributes(tags: Tags): JsonObject {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`@${key}`, value]));
}

function diskElements({ disk, seed }: Disks): JsonObject[] {
  const element = (path: string, device: string, format: string, more: JsonObject) => ({
    '@type': 'file',
    '@device': 'disk',
    driver: { '@name': 'qemu', '@type': format },
    source: { '@file': path },
    target: { '@dev': device, '@bus': 'virtio' },
    ...more,
  });
  return [
    ...(disk === null ? [] : [element(disk, 'vda', 'qcow2', {})]),
    ...(seed === null ? [] : [element(seed, disk === null ? 'vda' : 'vdb', 'raw', { readonly: '' })]),
  ];
}

function interfaceElement(name: string, { launchedAt }: Tags, { network, bridge }: LibvirtSettings): JsonObject {
  const source = bridge === null ? { '@network': network } : { '@bridge': bridge };
  return {
    '@type': bridge === null ? 'network' : 'bridge',
    mac: { '@address': macOf(name, launchedAt) },
    source,
    model: { '@type': 'virtio' },
  };
}
