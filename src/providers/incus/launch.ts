import { z } from 'zod';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import { renderUserData } from '../user-data.ts';
import type { IncusClient } from './client.ts';
import { isThere } from './errors.ts';
import {
  creation,
  type Instance,
  instanceName,
  instanceSchema,
  isStopped,
  type Machines,
  type Tags,
  tagsOf,
  wasStarted,
} from './instances.ts';
import type { IncusSettings } from './settings.ts';

/** What Incus keeps of a key's value is not bounded; what cloud-init gets should be. */
const MAX_USER_DATA_BYTES = 262_144;

export interface LaunchUse {
  readonly client: IncusClient;
  readonly machines: Machines;
  readonly fleet: string;
  readonly clock: Clock;
}

interface Found {
  readonly instance: Instance;
  readonly tags: Tags;
}

/** Launches a machine under the name that it has for whoever launches it: Incus makes a name once. */
export async function launchInstance(
  request: LaunchRequest,
  settings: IncusSettings,
  use: LaunchUse,
  signal: AbortSignal,
): Promise<Machine> {
  const name = instanceName(use.fleet, request.instanceId);
  if ((await find(name, use, signal)) === null) await create(request, settings, use, signal);
  const found = (await find(name, use, signal)) ?? gone(name);
  const started = wasStarted(found.instance) ? found : await startedFirst(found, use, signal);
  return use.machines.of(started.instance, started.tags, request.placement.zone);
}

async function create(
  request: LaunchRequest,
  settings: IncusSettings,
  use: LaunchUse,
  signal: AbortSignal,
): Promise<void> {
  const { client, fleet, clock } = use;
  const rendered = { fleet, request, maxBytes: MAX_USER_DATA_BYTES };
  const userData = settings.userData === null ? null : await renderUserData(settings.userData, rendered);
  const body = creation(request, settings, { fleet, launchedAt: clock.now(), userData });
  const { zone } = request.placement;
  const target = zone === null ? '' : `?target=${encodeURIComponent(zone)}`;
  try {
    await client.change('POST', `/1.0/instances${target}`, body, signal);
  } catch (error) {
    if (isThere(error)) return;
    throw await undone(instanceName(fleet, request.instanceId), error, use, signal);
  }
}

/**
 * A launch has failed. Where that is for certain nothing of it is left, and the error says so; else it is found by its name.
 * @returns the error to throw
 */
async function undone(name: string, error: unknown, use: LaunchUse, signal: AbortSignal): Promise<unknown> {
  if (asPortError(error).reaction === 'Transient') return error;
  try {
    const left = await find(name, use, signal);
    if (left !== null && isStopped(left.instance))
      await use.client.change('DELETE', `/1.0/instances/${name}`, {}, signal);
    return error;
  } catch (failure) {
    const why = `${asPortError(error).message} What was made of it could not be removed yet: ${asPortError(failure).message}`;
    return new PortError('Transient', 'halfMade', why, { cause: error });
  }
}

const operationsSchema = z.record(
  z.string(),
  z.array(z.object({ id: z.string(), resources: z.record(z.string(), z.array(z.string())).nullable() })),
);

/** One that was made and never started, because whoever made it was killed or is at it still. It is started once. */
async function startedFirst({ instance: { name } }: Found, use: LaunchUse, signal: AbortSignal): Promise<Found> {
  const { client } = use;
  const operations = await client.get('/1.0/operations?recursion=1', operationsSchema, signal);
  for (const { id, resources } of Object.values(operations).flat()) {
    const paths = Object.values(resources ?? {}).flat();
    // How it has ended is seen below.
    if (paths.some((path) => path.split('?')[0] === `/1.0/instances/${name}`)) {
      await client.finished(`/1.0/operations/${id}`, signal).catch(() => undefined);
    }
  }
  const found = (await find(name, use, signal)) ?? gone(name);
  if (wasStarted(found.instance) || !isStopped(found.instance)) return found;
  await client.change('PUT', `/1.0/instances/${name}/state`, { action: 'start', timeout: -1 }, signal);
  return (await find(name, use, signal)) ?? gone(name);
}

/** The machine of a name; null where there is none. @throws PortError `Invalid` where it is somebody else's */
async function find(name: string, { client, fleet }: LaunchUse, signal: AbortSignal): Promise<Found | null> {
  const instance = await findInstance(client, name, signal);
  if (instance === null) return null;
  const tags = tagsOf(instance, fleet);
  if (tags !== null) return { instance, tags };
  throw new PortError(
    'Invalid',
    'otherInstance',
    `${client.where} has an instance ${name} that is not Drover's; rename it.`,
  );
}

/** An instance by its name, whosever it is; null where there is none. */
export async function findInstance(client: IncusClient, name: string, signal: AbortSignal): Promise<Instance | null> {
  try {
    return await client.get(`/1.0/instances/${name}`, instanceSchema, signal);
  } catch (error) {
    if (error instanceof PortError && error.reaction === 'NotFound') return null;
    throw error;
  }
}

function gone(name: string): never {
  throw new PortError(
    'Transient',
    'gone',
    `The instance ${name} was deleted while it was launched; it is tried again.`,
  );
}
