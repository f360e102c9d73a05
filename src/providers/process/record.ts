import { z } from 'zod';
import { readBootId } from '../../base/procfs.ts';
import { PortError } from '../../ports/errors.ts';

/** What a server can be asked to stop by: those that servers are known to take for it. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

export const stopSignalSchema = z.enum(STOP_SIGNALS).default('SIGTERM');
export type StopSignal = z.infer<typeof stopSignalSchema>;

export const maxLogBytesSchema = z
  .int()
  .min(1)
  .default(10 * 1024 * 1024);

/**
 * `machine.json`: one machine, written before anything is started. Until `process` is known it is the intent to start it.
 */
export const machineRecord = z.object({
  fleet: z.string(),
  group: z.string(),
  instanceId: z.string(),
  port: z.int().min(1).max(65_535),
  /** Milliseconds since the epoch. */
  launchedAt: z.number(),
  stopSignal: stopSignalSchema,
  stopTimeoutMs: z.number(),
  /** When its main process got the stop signal, which it gets once; null before. */
  stoppingSince: z.number().nullable().default(null),
  maxLogSizeBytes: maxLogBytesSchema,
  /** Of the user that it runs as; null for Drover's own. */
  userId: z.int().min(0).nullable().default(null),
  /** Whether it has to listen on its port. */
  serves: z.boolean().default(false),
  /** Its control group, made for it alone; null where it has no limits. */
  controlGroup: z
    .object({ path: z.string(), limits: z.record(z.string(), z.string()) })
    .readonly()
    .nullable()
    .default(null),
  /** For a person who looks into the folder. Empty for a machine whose folder was lost. */
  command: z.array(z.string()).readonly(),
  process: z
    .object({ pid: z.int().min(2), startTicks: z.number(), bootId: z.string() })
    .readonly()
    .nullable(),
});

export type MachineRecord = Readonly<z.infer<typeof machineRecord>>;

/** Ids name folders. `ended` is the folder of the logs that are kept. */
export function isUsableId(instanceId: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(instanceId) && instanceId !== 'ended';
}

/** The boot of the host that a process is recorded with. @throws PortError `Unsupported` where there is no /proc */
export function hostBootId(): string {
  try {
    return readBootId();
  } catch (cause) {
    throw new PortError('Unsupported', 'noProcfs', 'The process provider needs Linux with /proc mounted.', { cause });
  }
}
