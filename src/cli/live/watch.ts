import type { Terminal } from '../terminal.ts';
import { follow } from './follow.ts';
import { LiveView } from './live-view.ts';
import type { FleetSource } from './sights.ts';

const HINTS = [{ command: 'Ctrl-C', effect: 'ends this view' }];

/** Shows a fleet that another process runs, until the signal aborts. */
export function watch(source: FleetSource, terminal: Terminal, signal: AbortSignal, program: string): Promise<void> {
  return follow(source, new LiveView(terminal, program, () => HINTS), terminal, signal);
}
