import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { whyFailed } from '../../base/run-program.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import { renderUserData } from '../user-data.ts';
import { type Disks, domainXml } from './domain-xml.ts';
import { virshError } from './errors.ts';
import type { Host } from './host.ts';
import { checkRoom } from './room.ts';
import { writeSeed } from './seed.ts';
import type { LibvirtSettings } from './settings.ts';
import type { DomainState } from './states.ts';
import { diskVolume, domainName, seedVolume, type Tags } from './tags.ts';
import { parseXml } from './xml.ts';

/** What a disk of the seed has room for. */
const MAX_USER_DATA_BYTES = 262_144;
/** Folders of launches, which hold user data while a seed is made. */
export const WORK_FOLDER_PREFIX = 'launch-';

export interface LaunchUse {
  readonly fleet: string;
  readonly dataDir: string;
  readonly clock: Clock;
}

/**
 * Launches a machine in an order in which each step can be repeated: the domain with its tags first, so that whatever follows is found by them;
 * then its volumes; then the domain again, as one that may be started; then the start, once.
 */
export async function launchOn(
  host: Host,
  request: LaunchRequest,
  settings: LibvirtSettings,
  use: LaunchUse,
  signal: AbortSignal,
): Promise<Machine> {
  const name = domainName(use.fleet, request.instanceId);
  const state = await host.stateOf(name, signal);
  const found = state === null ? null : await host.tagsOf(name, signal);
  if (state !== null && found === null) {
    throw new PortError(
      'Invalid',
      'otherDomain',
      `${host.virsh.where} has a domain ${name} that is not Drover's; rename it.`,
    );
  }
  if (state !== null && found?.phase === 'launched') return host.machine(name, found, state);
  if (found === null) await checkRoom(host.virsh, settings, signal);
  const tags = found ?? newTags(request, settings, use);
  const folder = await mkdtemp(join(use.dataDir, WORK_FOLDER_PREFIX));
  try {
    const type = await domainType(host, settings, signal);
    const launch = new Launch({ host, name, settings, type, folder, clock: use.clock });
    return await launch.run(found, tags, () => userDataOf(settings, request, use), signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function newTags(request: LaunchRequest, settings: LibvirtSettings, { fleet, clock }: LaunchUse): Tags {
  const { instanceId, group } = request;
  const { image, userData, pool, network, addressFrom, stopTimeoutMs } = settings;
  return {
    fleet,
    group,
    instanceId,
    launchedAt: clock.now(),
    phase: 'launching',
    pool: image === null && userData === null ? '' : pool,
    network: addressFrom === 'lease' ? (network ?? '') : '',
    addressFrom,
    stopTimeoutMs,
  };
}

async function domainType(
  host: Host,
  { virtualization }: LibvirtSettings,
  signal: AbortSignal,
): Promise<'kvm' | 'qemu'> {
  if (virtualization !== 'auto') return virtualization;
  const end = await host.virsh.tried(['domcapabilities', '--virttype', 'kvm'], signal);
  return whyFailed(end) === null ? 'kvm' : 'qemu';
}

async function userDataOf({ userData }: LibvirtSettings, request: LaunchRequest, { fleet }: LaunchUse) {
  if (userData === null) return null;
  const text = await renderUserData(userData, { fleet, request, maxBytes: MAX_USER_DATA_BYTES });
  return { text, instanceId: request.instanceId };
}

type UserDataOf = () => Promise<{ readonly text: string; readonly instanceId: string } | null>;

/** A domain whose start has succeeded. */
const STARTED: DomainState = { state: 1, reason: 1 };

interface LaunchParts {
  readonly host: Host;
  readonly name: string;
  readonly settings: LibvirtSettings;
  readonly type: 'kvm' | 'qemu';
  readonly folder: string;
  readonly clock: Clock;
}

const imageSchema = z.object({
  volume: z.object({
    capacity: z.object({ '#text': z.coerce.number() }),
    target: z.object({ format: z.object({ type: z.string() }) }),
  }),
});

class Launch {
  readonly #parts: LaunchParts;

  constructor(parts: LaunchParts) {
    this.#parts = parts;
  }

  async run(found: Tags | null, tags: Tags, userData: UserDataOf, signal: AbortSignal): Promise<Machine> {
    const { host, name } = this.#parts;
    try {
      if (found === null) await this.#define(tags, { disk: null, seed: null }, signal);
      return await host.launching(name, async () => {
        const launched: Tags = { ...tags, phase: 'launched' };
        await this.#define(launched, await this.#makeDisks(userData, signal), signal);
        await host.virsh.run(['start', name], signal);
        return host.machine(name, launched, STARTED);
      });
    } catch (error) {
      throw await this.#undone(error, tags, signal);
    }
  }

  async #define(tags: Tags, disks: Disks, signal: AbortSignal): Promise<void> {
    const { host, name, settings, type, folder } = this.#parts;
    const file = join(folder, 'domain.xml');
    await writeFile(file, await domainXml({ name, tags, settings, type, disks }), { mode: 0o600 });
    await host.virsh.run(['define', file], signal);
  }

  async #makeDisks(userData: UserDataOf, signal: AbortSignal): Promise<Disks> {
    const { settings, folder, clock } = this.#parts;
    const disk = settings.image === null ? null : await this.#overlay(settings.image, signal);
    const content = await userData();
    if (content === null) return { disk, seed: null };
    const { text, instanceId } = content;
    return {
      disk,
      seed: await this.#upload(await writeSeed({ folder, instanceId, userData: text }, clock, signal), signal),
    };
  }

  /**
   * A launch has failed. Where that is for certain nothing of it is left, and the error says so; else it is found by its tags.
   * @returns the error to throw
   */
  async #undone(error: unknown, tags: Tags, signal: AbortSignal): Promise<unknown> {
    const { host, name } = this.#parts;
    if (asPortError(error).reaction === 'Transient') return error;
    try {
      await host.remove(name, tags, signal);
      return error;
    } catch (left) {
      const why = `${asPortError(error).message} What was made of it could not be removed yet: ${asPortError(left).message}`;
      return new PortError('Transient', 'halfMade', why, { cause: error });
    }
  }

  /** A disk on top of the base image. One that is there already was never started from. */
  async #overlay(image: string, signal: AbortSignal): Promise<string> {
    const { host, name, settings } = this.#parts;
    const { pool, diskSizeBytes } = settings;
    const printed = await host.virsh.run(['vol-dumpxml', '--pool', pool, image], signal);
    const { volume } = imageSchema.parse(await parseXml(printed));
    const baseBytes = volume.capacity['#text'];
    if (diskSizeBytes !== null && diskSizeBytes < baseBytes) {
      const message = `diskSize is smaller than the base image ${image}, which has ${baseBytes} bytes; leave it out or raise it`;
      throw new PortError('Invalid', 'diskTooSmall', message);
    }
    const size = ['--capacity', String(diskSizeBytes ?? baseBytes), '--format', 'qcow2'];
    const backing = ['--backing-vol', image, '--backing-vol-format', volume.target.format.type];
    await this.#create(diskVolume(name), [...size, ...backing], signal);
    return await this.#pathOf(diskVolume(name), signal);
  }

  async #upload(file: string, signal: AbortSignal): Promise<string> {
    const { host, name, settings } = this.#parts;
    const volume = seedVolume(name);
    const { size } = await stat(file);
    await this.#create(volume, ['--capacity', String(size), '--format', 'raw'], signal);
    await host.virsh.run(['vol-upload', '--pool', settings.pool, volume, file], signal);
    return await this.#pathOf(volume, signal);
  }

  async #create(volume: string, args: readonly string[], signal: AbortSignal): Promise<void> {
    const { host, settings } = this.#parts;
    const end = await host.virsh.tried(['vol-create-as', settings.pool, volume, ...args], signal);
    if (whyFailed(end) === null || /exists already|already exists/i.test(end.complaint)) return;
    throw virshError(`virsh vol-create-as of ${volume} on ${host.virsh.where}`, end.complaint);
  }

  async #pathOf(volume: string, signal: AbortSignal): Promise<string> {
    const { host, settings } = this.#parts;
    return (await host.virsh.run(['vol-path', '--pool', settings.pool, volume], signal)).trim();
  }
}
