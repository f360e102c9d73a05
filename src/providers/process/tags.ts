/** The tags that every server carries in its own environment, where they last as long as it does. */

import { type ProcessStat, readEnvironment, readStats } from '../../base/procfs.ts';

export interface Tags {
  readonly fleet: string;
  readonly group: string;
  readonly instanceId: string;
  /** The provider's folder: tells fleets of the same name apart that are run from different places. */
  readonly dataDir: string;
  readonly port: number;
}

export interface TaggedProcess {
  readonly stat: ProcessStat;
  readonly userId: number;
  readonly tags: Tags;
}

/** Names that a launch template cannot set. */
export const RESERVED_VARIABLES = /^(PORT|HOST|DROVER_.*)$/;

/** Servers listen on loopback: HAProxy is on the same host. */
export const HOST = '127.0.0.1';

export function tagVariables(tags: Tags): Record<string, string> {
  return {
    PORT: String(tags.port),
    HOST,
    DROVER_FLEET: tags.fleet,
    DROVER_GROUP: tags.group,
    DROVER_INSTANCE_ID: tags.instanceId,
    DROVER_DATA_DIR: tags.dataDir,
  };
}

/** Whose processes may be the machine's: Drover's own user's, and those of the user that it runs as. */
export function usersOf(...records: readonly { readonly userId: number | null }[]): readonly number[] {
  return [process.geteuid?.() ?? null, ...records.map(({ userId }) => userId)].filter((id) => id !== null);
}

/** The processes of these users with tags that are wanted, among those given (all of the host without). */
export async function findTagged(
  isWanted: (tags: Tags) => boolean,
  userIds: readonly number[],
  among: readonly ProcessStat[] = readStats(),
): Promise<readonly TaggedProcess[]> {
  const found: TaggedProcess[] = [];
  for (const stat of among) {
    // The controller itself may have been started from a server's environment; it is no server.
    if (stat.pid === process.pid) continue;
    const environment = await readEnvironment(stat, userIds);
    const tags = environment === null ? null : parseTags(environment.variables);
    if (environment !== null && tags !== null && isWanted(tags)) found.push({ stat, tags, userId: environment.userId });
  }
  return found;
}

/** The one that was spawned, among all that carry one machine's tags: the others inherited them. */
export function firstSpawned(processes: readonly TaggedProcess[]): TaggedProcess | null {
  const isLeader = ({ stat }: TaggedProcess) => Number(stat.pid === stat.session);
  const sorted = processes.toSorted((a, b) => isLeader(b) - isLeader(a) || a.stat.startTicks - b.stat.startTicks);
  return sorted[0] ?? null;
}

function parseTags(environment: ReadonlyMap<string, string>): Tags | null {
  const fleet = environment.get('DROVER_FLEET');
  const group = environment.get('DROVER_GROUP');
  const instanceId = environment.get('DROVER_INSTANCE_ID');
  const dataDir = environment.get('DROVER_DATA_DIR');
  const port = Number(environment.get('PORT'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null;
  if (fleet === undefined || group === undefined || instanceId === undefined || dataDir === undefined) return null;
  return { fleet, group, instanceId, dataDir, port };
}
