import type { FleetStatus } from '../../views/status.ts';
import type { RunningFleet } from '../actions.ts';
import type { Context } from '../context.ts';
import { follow, PlainView } from './follow.ts';
import type { Hint } from './hints.ts';
import { LiveView } from './live-view.ts';

export interface ShowOptions {
  /** A line for each activity, also on a terminal. */
  readonly plain: boolean;
  /** How drover is called here. */
  readonly program: string;
  readonly hints: (status: FleetStatus) => readonly Hint[];
  /** What an interrupt asks of the fleet. */
  readonly onInterrupt: 'stop' | 'down';
}

/**
 * Shows a fleet of this process until it has ended, by itself or by an interrupt.
 * @returns whether it was interrupted
 */
export async function showFleet({ terminal }: Context, fleet: RunningFleet, options: ShowOptions): Promise<boolean> {
  const { plain, program, hints, onInterrupt } = options;
  const live = terminal.stdout.isTTY === true && !plain;
  const view = live
    ? new LiveView(terminal, program, hints)
    : new PlainView(terminal, onInterrupt === 'down' ? hints : null);
  const viewing = new AbortController();
  const showing = follow(fleet.source, view, terminal, viewing.signal);
  try {
    const interrupted = await Promise.race([
      fleet.ended.then(() => false),
      aborted(terminal.interrupted).then(() => true),
    ]);
    if (interrupted) await fleet[onInterrupt]();
    await fleet.ended;
    return interrupted;
  } finally {
    viewing.abort();
    await showing;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
