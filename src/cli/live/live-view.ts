import { createLogUpdate } from 'log-update';
import type { StoredActivity } from '../../model/activity.ts';
import type { FleetStatus } from '../../views/status.ts';
import { type Terminal, terminalLook } from '../terminal.ts';
import { renderFrame } from './frame.ts';
import type { Hint } from './hints.ts';
import type { Sight } from './sights.ts';

/** More than any terminal has lines. */
const maxKeptActivities = 300;
/** Takes away the `^C` that the terminal shows for an interrupt. */
const CLEAR_LINE = '\r\u001B[K';
const CLEAR_SCREEN = '\u001B[2J\u001B[H';

/** Shows sights in place on a terminal, until closed; then the last frame stays and the cursor is back. */
export class LiveView {
  readonly needsStatus = true;
  readonly #terminal: Terminal;
  readonly #program: string;
  readonly #hints: (status: FleetStatus) => readonly Hint[];
  readonly #draw: ReturnType<typeof createLogUpdate>;
  readonly #onResize = () => this.#resized();
  #status: FleetStatus | null = null;
  #activities: readonly StoredActivity[] = [];
  #notice: string | null = null;
  /** Checks in a row that found nobody. */
  #misses = 0;

  /** @param program how drover is called here */
  constructor(terminal: Terminal, program: string, hints: (status: FleetStatus) => readonly Hint[] = () => []) {
    this.#terminal = terminal;
    this.#program = program;
    this.#hints = hints;
    this.#draw = createLogUpdate(terminal.stdout);
    terminal.stdout.on('resize', this.#onResize);
  }

  show(sight: Sight): void {
    if (sight.kind === 'seen') {
      this.#status = sight.status;
      this.#activities = [...this.#activities, ...sight.fresh].slice(-maxKeptActivities);
    }
    this.#misses = sight.kind === 'seen' ? 0 : this.#misses + 1;
    this.#notice = sight.kind === 'seen' ? null : this.#lost(sight.error);
    this.#redraw();
  }

  close(): void {
    this.#terminal.stdout.off('resize', this.#onResize);
    this.#draw.done();
    this.#terminal.stdout.write(CLEAR_LINE);
  }

  #lost(error: Error): string | null {
    if (this.#status === null) return error.message;
    // One alone is no news: a controller that ends in order is missed once before its end is known.
    if (this.#misses < 2) return null;
    return 'The controller does not answer: this is how it was last seen. HAProxy and the servers go on.';
  }

  #redraw(): void {
    if (this.#status === null) {
      if (this.#notice !== null) this.#draw(this.#notice);
      return;
    }
    const full = terminalLook(this.#terminal, this.#program);
    // The line below the frame is the cursor's.
    const room = { ...full, rows: full.rows - 1 };
    // What is out of date does not grow older on the screen: its clock shows when it was seen.
    const look = this.#notice === null ? room : { ...room, now: this.#status.at };
    const frame = { activities: this.#activities, hints: this.#hints(this.#status), notice: this.#notice };
    this.#draw(renderFrame({ status: this.#status, ...frame }, look));
  }

  /** The terminal has wrapped the old frame anew: nobody knows where its lines are now. */
  #resized(): void {
    this.#draw.clear();
    this.#terminal.stdout.write(CLEAR_SCREEN);
    this.#redraw();
  }
}
