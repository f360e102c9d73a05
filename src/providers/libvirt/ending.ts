import { type BackoffLimits, backoffMs } from '../../base/backoff.ts';
import { whyFailed } from '../../base/run-program.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import { isNoDomain, virshError } from './errors.ts';
import type { Host } from './host.ts';
import { isOff, machineState } from './states.ts';
import type { Tags } from './tags.ts';

const POLL: BackoffLimits = { minMs: 250, maxMs: 2_000 };

/**
 * Ends a machine: its system is asked to shut down, as by its power button, and has the stop timeout for it; then it is switched off. Nothing of
 * it is left when this resolves.
 */
export async function endMachine(
  host: Host,
  name: string,
  tags: Tags,
  clock: Clock,
  closed: AbortSignal,
): Promise<void> {
  if (!(await isEnded(host, name, closed)) && (await shutDown(host, name, closed))) {
    await untilEnded(host, name, tags.stopTimeoutMs, clock, closed);
  }
  if (!(await isEnded(host, name, closed))) await switchOff(host, name, closed);
  await host.remove(name, tags, closed);
}

async function isEnded(host: Host, name: string, signal: AbortSignal): Promise<boolean> {
  const state = await host.stateOf(name, signal);
  return state === null || isOff(state);
}

/** @returns whether its system may have heard of it: one that is paused does not */
async function shutDown(host: Host, name: string, signal: AbortSignal): Promise<boolean> {
  const state = await host.stateOf(name, signal);
  if (state === null || machineState(state).detail.startsWith('paused')) return false;
  return whyFailed(await host.virsh.tried(['shutdown', name], signal)) === null;
}

async function untilEnded(host: Host, name: string, boundMs: number, clock: Clock, closed: AbortSignal): Promise<void> {
  let leftMs = boundMs;
  for (let polls = 1; leftMs > 0; polls += 1) {
    const delayMs = Math.min(leftMs, backoffMs(polls, POLL, 0));
    await clock.sleep(delayMs, closed);
    if (closed.aborted) throw new PortError('Transient', 'closed', 'The provider was closed while it ended a server.');
    if (await isEnded(host, name, closed)) return;
    leftMs -= delayMs;
  }
}

async function switchOff(host: Host, name: string, signal: AbortSignal): Promise<void> {
  const end = await host.virsh.tried(['destroy', name], signal);
  if (whyFailed(end) === null || isNoDomain(end.complaint) || /domain is not running/i.test(end.complaint)) return;
  throw virshError(`virsh destroy on ${host.virsh.where}`, end.complaint);
}
