import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import { type IncusSettings, USER_DATA_KEY } from './settings.ts';

const RUNNING = 103;
const STOPPED = 102;
const ERROR = 112;
/** One that is off for so long has stopped. */
const SETTLED_MS = 5_000;

const addressSchema = z.object({ family: z.string(), address: z.string(), scope: z.string() });
const interfaceSchema = z.object({ addresses: z.array(addressSchema).nullable(), host_name: z.string().default('') });
export const instanceSchema = z.object({
  name: z.string(),
  status: z.string(),
  status_code: z.number(),
  /** The member of the cluster; `none` outside of one. */
  location: z.string(),
  last_used_at: z.string(),
  config: z.record(z.string(), z.string()).nullable(),
  state: z.object({ network: z.record(z.string(), interfaceSchema).nullable() }).nullish(),
});
export type Instance = z.infer<typeof instanceSchema>;

const tagsSchema = z.object({
  'user.drover.fleet': z.string(),
  'user.drover.group': z.string(),
  'user.drover.instanceId': z.string(),
  'user.drover.launchedAt': z.coerce.number(),
  'user.drover.stopTimeoutMs': z.coerce.number(),
});
export interface Tags {
  readonly fleet: string;
  readonly group: string;
  readonly instanceId: string;
  readonly launchedAt: number;
  readonly stopTimeoutMs: number;
}

const MAX_ID_CHARACTERS = 44;
const DIGEST_CHARACTERS = 8;

/** The name of a machine, the same whoever launches it: at most 63 characters, as host names have. Two fleets' machines of one id have two names. */
export function instanceName(fleet: string, instanceId: string): string {
  const digest = createHash('sha256').update(`${fleet}\n${instanceId}`).digest('hex').slice(0, DIGEST_CHARACTERS);
  const id = instanceId
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, MAX_ID_CHARACTERS);
  return `drover-${id}-${digest}`;
}

/** What is in an instance's configuration of Drover's; null where it is no machine of the fleet. A copy of a machine has its tags and another name. */
export function tagsOf({ name, config }: Instance, fleet: string): Tags | null {
  const parsed = tagsSchema.safeParse(config);
  if (!parsed.success) return null;
  const tags = {
    fleet: parsed.data['user.drover.fleet'],
    group: parsed.data['user.drover.group'],
    instanceId: parsed.data['user.drover.instanceId'],
    launchedAt: parsed.data['user.drover.launchedAt'],
    stopTimeoutMs: parsed.data['user.drover.stopTimeoutMs'],
  };
  const isOwn = tags.fleet === fleet && name === instanceName(fleet, tags.instanceId);
  return isOwn ? tags : null;
}

/** What asks for a machine. @param userData filled in; null for none */
export function creation(
  { instanceId, group }: LaunchRequest,
  settings: IncusSettings,
  {
    fleet,
    launchedAt,
    userData,
  }: { readonly fleet: string; readonly launchedAt: number; readonly userData: string | null },
): JsonObject {
  const { image, imageServer, type, profiles, config, devices, stopTimeoutMs } = settings;
  const by = /^[0-9a-f]{12,64}$/.test(image) ? { fingerprint: image } : { alias: image };
  const remote = imageServer === null ? {} : { mode: 'pull', server: imageServer, protocol: 'simplestreams' };
  return {
    name: instanceName(fleet, instanceId),
    type,
    profiles,
    devices,
    config: {
      ...config,
      ...(userData === null ? {} : { [USER_DATA_KEY]: userData }),
      'user.drover.fleet': fleet,
      'user.drover.group': group,
      'user.drover.instanceId': instanceId,
      'user.drover.launchedAt': String(launchedAt),
      'user.drover.stopTimeoutMs': String(stopTimeoutMs),
    },
    source: { type: 'image', ...by, ...remote },
    start: true,
  };
}

/** Whether it was ever started: one that was, and is stopped now, is not started again. */
export function wasStarted({ last_used_at: lastUsedAt }: Instance): boolean {
  return Date.parse(lastUsedAt) > 0;
}

/** Whether it is only a name: the cluster does not reach the member that has the instance. It says so at once; that the member is offline, later. */
export function isUnreached({ status_code: status, config }: Instance): boolean {
  return status === ERROR && config === null;
}

export function isStopped({ status_code: status }: Instance): boolean {
  return status === STOPPED;
}

/** Instances as machines. */
export class Machines {
  readonly #clock: Clock;
  /** Since when an instance is off that Incus has not recorded as stopped. */
  readonly #offSince = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param zone where the provider has zones */
  of(instance: Instance, tags: Tags, zone: string | null): Machine {
    const { instanceId, group, launchedAt } = tags;
    const about = { id: instance.name, instanceId, group, launchedAt, zone, ports: null };
    if (isStopped(instance) && !wasStarted(instance)) {
      return { ...about, state: 'pending', detail: 'it is being made', addresses: [] };
    }
    if (this.#hasStopped(instance)) {
      return { ...about, state: 'stopped', detail: 'it has stopped; `incus info --show-log` says more', addresses: [] };
    }
    const detail = instance.status_code === RUNNING ? '' : `Incus says: ${instance.status.toLowerCase()}`;
    return { ...about, state: 'running', detail, addresses: addressesOf(instance) };
  }

  /** These are all that there are. */
  keep(instances: readonly Instance[]): void {
    const names = new Set(instances.map(({ name }) => name));
    for (const name of this.#offSince.keys()) if (!names.has(name)) this.#offSince.delete(name);
  }

  /**
   * One that has ended unexpectedly is off, in an error and running in turn for a second, until Incus has cleaned up behind it and records
   * that. After a restart of its host one that is not started again is off without such a record.
   */
  #hasStopped(instance: Instance): boolean {
    const { name, config } = instance;
    if (!isStopped(instance)) {
      this.#offSince.delete(name);
      return false;
    }
    if (config?.['volatile.last_state.power'] !== 'RUNNING') return true;
    const since = this.#offSince.get(name) ?? this.#clock.steadyMs();
    this.#offSince.set(name, since);
    return this.#clock.steadyMs() - since >= SETTLED_MS;
  }
}

/** Those of its own interfaces, which have an end on the host, and not those of networks inside of it; IPv4 first. */
function addressesOf({ state }: Instance): readonly string[] {
  const interfaces = Object.values(state?.network ?? {}).filter(({ host_name: host }) => host !== '');
  const global = interfaces.flatMap(({ addresses }) => addresses ?? []).filter(({ scope }) => scope === 'global');
  const of = (family: string) => global.filter((one) => one.family === family).map(({ address }) => address);
  return [...of('inet'), ...of('inet6')];
}
