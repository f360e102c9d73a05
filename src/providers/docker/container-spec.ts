import type { ContainerCreateOptions, MountSettings as EngineMount } from 'dockerode';
import type { LaunchRequest } from '../../ports/provider.ts';
import { withTag } from './image-name.ts';
import { labelsOf, type Tags } from './labels.ts';
import type { DockerSettings, MountSettings } from './settings.ts';

const NANO_CPUS = 1e9;

/** What a container is made of. @param address of the host, for published ports */
export function containerSpec(
  settings: DockerSettings,
  tags: Tags,
  request: LaunchRequest,
  address: string | null,
): ContainerCreateOptions {
  const { memoryBytes, cpus, command, entrypoint, networks, publishedPorts, log } = settings;
  const variables = {
    ...settings.environment,
    DROVER_FLEET: tags.fleet,
    DROVER_GROUP: tags.group,
    DROVER_INSTANCE_ID: tags.instanceId,
    DROVER_LAUNCH_TEMPLATE_VERSION: request.launchTemplateVersion,
    ...(request.placement.zone === null ? {} : { DROVER_ZONE: request.placement.zone }),
  };
  const ports = publishedPorts.map((port) => `${port}/tcp`);
  const [network] = networks;
  return {
    Image: withTag(settings.image),
    Hostname: tags.instanceId,
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    Labels: { ...settings.labels, ...labelsOf(tags) },
    ...(command === null ? {} : { Cmd: command }),
    ...(entrypoint === null ? {} : { Entrypoint: entrypoint }),
    ...(settings.user === null ? {} : { User: settings.user }),
    ...(settings.workingDirectory === null ? {} : { WorkingDir: settings.workingDirectory }),
    ...(settings.stopSignal === null ? {} : { StopSignal: settings.stopSignal }),
    StopTimeout: Math.ceil(settings.stopTimeoutMs / 1_000),
    // HAProxy decides about health.
    Healthcheck: { Test: ['NONE'] },
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    HostConfig: {
      // Drover replaces; a server never comes back by itself.
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      Init: settings.init,
      ...(memoryBytes === null ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
      ...(cpus === null ? {} : { NanoCpus: Math.round(cpus * NANO_CPUS) }),
      SecurityOpt: ['no-new-privileges'],
      CapDrop: settings.dropCapabilities,
      CapAdd: settings.addCapabilities,
      LogConfig: { Type: log.driver, Config: log.options },
      Mounts: settings.mounts.map(engineMount),
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: address ?? '', HostPort: '' }]])),
      ...(network === undefined ? {} : { NetworkMode: network }),
    },
  };
}

function engineMount(mount: MountSettings): EngineMount {
  switch (mount.type) {
    case 'bind':
      return { Type: 'bind', Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly };
    case 'volume':
      return { Type: 'volume', Source: mount.source ?? '', Target: mount.target, ReadOnly: mount.readOnly };
    case 'tmpfs':
      return {
        Type: 'tmpfs',
        Source: '',
        Target: mount.target,
        ...(mount.sizeBytes === null ? {} : { TmpfsOptions: { SizeBytes: mount.sizeBytes, Mode: 0o1777 } }),
      };
  }
}
