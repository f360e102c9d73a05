import { PortError } from '../../ports/errors.ts';
import type { IncusClient } from './client.ts';
import { isStopped, tagsOf } from './instances.ts';
import { findInstance } from './launch.ts';

/**
 * Ends a machine: its system is asked to shut down and has the stop timeout for it; then it is switched off, and deleted with its disks.
 */
export async function endInstance(
  client: IncusClient,
  name: string,
  fleet: string,
  signal: AbortSignal,
): Promise<void> {
  const instance = await findInstance(client, name, signal);
  const tags = instance === null ? null : tagsOf(instance, fleet);
  if (instance === null || tags === null) return;
  const stop = (force: boolean, seconds: number) =>
    client.change('PUT', `/1.0/instances/${name}/state`, { action: 'stop', force, timeout: seconds }, signal);
  if (!isStopped(instance) && tags.stopTimeoutMs > 0) {
    await stop(false, Math.ceil(tags.stopTimeoutMs / 1_000)).catch(unlessCalledOff(signal));
  }
  const now = await findInstance(client, name, signal);
  if (now === null) return;
  // One that has stopped meanwhile is deleted all the same.
  if (!isStopped(now)) await stop(true, -1).catch(unlessCalledOff(signal));
  await client.change('DELETE', `/1.0/instances/${name}`, {}, signal).catch((error: unknown) => {
    if (!(error instanceof PortError && error.reaction === 'NotFound')) throw error;
  });
}

/** A stop that has failed is followed by the next step, which says why it fails in turn. */
function unlessCalledOff(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (signal.aborted) throw error;
  };
}
