import { plainLine } from '../render/activities.ts';
import type { Terminal } from '../terminal.ts';
import { type FleetSource, type Sight, sights } from './sights.ts';

/** Shows a fleet while it goes on: in place on a terminal, or line by line. */
export interface View {
  show(sight: Sight): void;
  close(): void;
}

export interface FollowOptions {
  /** Start after this activity rather than with the newest ones. */
  readonly afterSequence?: number;
  /** Told about each sight; false ends the following. */
  readonly goOn?: (sight: Sight) => boolean;
}

/** Shows what is to be seen until the signal aborts, or until `goOn` says no. */
export async function follow(
  source: FleetSource,
  view: View,
  terminal: Terminal,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<void> {
  try {
    for await (const sight of sights(source, terminal.clock, signal, options.afterSequence)) {
      if (options.goOn?.(sight) === false) return;
      view.show(sight);
    }
  } finally {
    view.close();
  }
}

/** One line for each activity since the controller has started, and nothing else. */
export class PlainView implements View {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(sight: Sight): void {
    if (sight.kind === 'lost') return;
    const { startedAt } = sight.status;
    for (const activity of sight.fresh) {
      if (activity.at >= startedAt) this.#terminal.stdout.write(`${plainLine(activity)}\n`);
    }
  }

  close(): void {}
}
