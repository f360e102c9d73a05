import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ApiClient } from '../../api/client.ts';
import { type Context, fleetFilePath } from '../context.ts';
import { STATE_WORDS } from '../render/instances.ts';
import { dateAndTime } from '../render/units.ts';
import type { Candidate, KnownNames } from './candidates.ts';

/** A person waits for it with a finger on the key. */
const ANSWER_TIMEOUT_MS = 1_000;
/** More than anyone reads; a few digits more narrow it down. */
const MAX_INSTANCES = 1_000;

/** Names from the running controller, if it answers in time. */
export function namesFrom(context: Context): KnownNames {
  const ask = async (
    data: string | undefined,
    list: (client: ApiClient, signal: AbortSignal) => Promise<Candidate[]>,
  ) => {
    const { ApiClient: Client } = await import('../../api/client.ts');
    const client = new Client(dataDirOf(context, data));
    try {
      return await list(client, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    } catch {
      return [];
    } finally {
      await client.close();
    }
  };
  return {
    groups: (data) =>
      ask(data, async (client, signal) =>
        (await client.status(signal)).groups.map(({ name, inService, desired }) => ({
          value: name,
          description: `${inService} of ${desired} in service`,
        })),
      ),
    instances: (data) =>
      ask(data, async (client, signal) =>
        (await client.status(signal)).groups
          .flatMap(({ instances }) => instances)
          .slice(0, MAX_INSTANCES)
          .map(({ id, group, state }) => ({ value: id, description: `${group}, ${STATE_WORDS[state]}` })),
      ),
    versions: (data) =>
      ask(data, async (client, signal) =>
        (await client.fleetVersions(signal)).versions.map(({ number, at }) => ({
          value: String(number),
          description: dateAndTime(at),
        })),
      ),
    providers: async () =>
      [...(await context.actions.starters())].map(([value, { title }]) => ({ value, description: title })),
  };
}

function dataDirOf(context: Context, data: string | undefined): string {
  const { cwd, env } = context.terminal;
  const written = data || env.DROVER_DATA || join(dirname(fleetFilePath(context, undefined)), '.drover');
  return resolve(cwd, written.replace(/^~(?=\/|$)/, homedir()));
}
