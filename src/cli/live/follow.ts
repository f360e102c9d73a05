import type { FleetStatus, GroupStatus } from '../../views/status.ts';
import { plainLine } from '../render/activities.ts';
import type { Terminal } from '../terminal.ts';
import type { Hint } from './hints.ts';
import { type FleetSource, type Sight, sights } from './sights.ts';

const SETTLED_MS = 1_000;
/** Where nobody reads any more, lines are left out rather than kept: `drover activities` has them all. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** Shows a fleet while it goes on: in place on a terminal, or line by line. */
export interface View {
  /** Whether it has use for the status, which costs something where there are many servers. */
  readonly needsStatus: boolean;
  show(sight: Sight): void;
  close(): void;
}

export interface FollowOptions {
  /** Start after this activity rather than with the newest ones. */
  readonly afterSequence?: number;
  /** Called with each sight; false ends the following. */
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
    const needsStatus = () => view.needsStatus || options.goOn !== undefined;
    for await (const sight of sights(source, terminal.clock, signal, options.afterSequence, needsStatus)) {
      if (options.goOn?.(sight) === false) return;
      view.show(sight);
    }
  } finally {
    view.close();
  }
}

/** One line for each activity since the controller has started, and once everything is in service what to try, if anything. */
export class PlainView implements View {
  readonly #terminal: Terminal;
  /** Null when there is nothing to hint, or when it was hinted. */
  #hints: ((status: FleetStatus) => readonly Hint[]) | null;

  constructor(terminal: Terminal, hints: ((status: FleetStatus) => readonly Hint[]) | null = null) {
    this.#terminal = terminal;
    this.#hints = hints;
  }

  get needsStatus(): boolean {
    return this.#hints !== null;
  }

  show(sight: Sight): void {
    if (sight.kind === 'lost') return;
    const { startedAt } = sight.status;
    for (const activity of sight.fresh) {
      if (activity.at >= startedAt) this.#write(plainLine(activity));
    }
    this.#hint(sight.status);
  }

  close(): void {}

  #hint(status: FleetStatus): void {
    if (this.#hints === null || !status.groups.every((group) => isSettled(group, status.at))) return;
    for (const { command, effect } of this.#hints(status)) this.#write(`Try: ${command}   (${effect})`);
    this.#hints = null;
  }

  #write(line: string): void {
    const { stdout } = this.#terminal;
    if (stdout.writableLength < MAX_UNREAD_BYTES) stdout.write(`${line}\n`);
  }
}

/** Everything in service, for long enough that all is known of it. */
function isSettled({ inService, desired, instances }: GroupStatus, now: number): boolean {
  return inService === desired && instances.every(({ since }) => now - since >= SETTLED_MS);
}
