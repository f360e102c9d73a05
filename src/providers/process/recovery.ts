import { type ProcessIdentity, startedAt } from '../../base/procfs.ts';
import type { MachineFolders } from './machine-folders.ts';
import { hostBootId, isUsableId, type MachineRecord, maxLogBytesSchema, stopSignalSchema } from './record.ts';
import { findTagged, firstSpawned, type TaggedProcess, type Tags, usersOf } from './tags.ts';

/** For a server whose launch template is no longer known. */
const LOST_STOP_TIMEOUT_MS = 10_000;

/** The process of an instance whose spawning was not recorded; null when there is none. */
export async function findSpawned(intent: MachineRecord): Promise<ProcessIdentity | null> {
  const { fleet, instanceId } = intent;
  const isWanted = (tags: Tags) => tags.fleet === fleet && tags.instanceId === instanceId;
  return identify(await findTagged(isWanted, usersOf(intent)));
}

/**
 * Brings records and running processes together after a crash: a process whose spawning was not recorded gets into its record,
 * and one whose folder was lost gets a new folder, so that it is seen, counted and can be ended. Called before any launch.
 */
export async function adoptProcesses(folders: MachineFolders, fleet: string, dataDir: string): Promise<void> {
  const records = new Map((await folders.all()).map((record) => [record.instanceId, record]));
  const isWanted = (tags: Tags) => tags.fleet === fleet && isUsableId(tags.instanceId);
  const tagged = await findTagged(isWanted, usersOf(...records.values()));
  for (const [instanceId, found] of Map.groupBy(tagged, ({ tags }) => tags.instanceId)) {
    const known = records.get(instanceId);
    const userIds = usersOf(...(known === undefined ? [] : [known]));
    const processes = found.filter(({ userId }) => userIds.includes(userId));
    const record = known ?? reconstruct(processes, dataDir);
    const process = identify(processes);
    if (record === null || record.fleet !== fleet || record.process !== null || process === null) continue;
    await folders.write({ ...record, process });
  }
}

function identify(processes: readonly TaggedProcess[]): ProcessIdentity | null {
  const first = firstSpawned(processes);
  if (first === null) return null;
  const { pid, startTicks } = first.stat;
  return { pid, startTicks, bootId: hostBootId() };
}

/** A record from the process itself. A fleet of the same name that is run from another folder keeps its own. */
function reconstruct(processes: readonly TaggedProcess[], dataDir: string): MachineRecord | null {
  const first = firstSpawned(processes);
  if (first === null || first.tags.dataDir !== dataDir) return null;
  const { fleet, group, instanceId, port } = first.tags;
  const launchedAt = startedAt(first.stat);
  return {
    fleet,
    group,
    instanceId,
    port,
    launchedAt,
    stopSignal: stopSignalSchema.parse(undefined),
    stopTimeoutMs: LOST_STOP_TIMEOUT_MS,
    stoppingSince: null,
    maxLogSizeBytes: maxLogBytesSchema.parse(undefined),
    userId: null,
    serves: false,
    controlGroup: null,
    command: [],
    process: null,
  };
}
