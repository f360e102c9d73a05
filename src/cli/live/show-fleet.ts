import type { FleetStatus } from '../../views/status.ts';
import type { RunningFleet } from '../actions.ts';
import type { Context } from '../context.ts';
import type { Terminal } from '../terminal.ts';
import { follow, PlainView } from './follow.ts';
import type { Hint } from './hints.ts';
import { LiveView } from './live-view.ts';

export interface ShowOptions {
  /** The live view where the output is a terminal, else lines; a line for each activity; or nothing. */
  readonly shows: 'view' | 'lines' | 'nothing';
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
  const { onInterrupt } = options;
  const viewing = new AbortController();
  const view = viewOf(terminal, options);
  const showing = view === null ? null : follow(fleet.source, view, terminal, viewing.signal);
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

function viewOf(terminal: Terminal, { shows, program, hints, onInterrupt }: ShowOptions): LiveView | PlainView | null {
  if (shows === 'nothing') return null;
  if (shows === 'view' && terminal.stdout.isTTY === true) return new LiveView(terminal, program, hints);
  return new PlainView(terminal, onInterrupt === 'down' ? hints : null);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
