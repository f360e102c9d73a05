import { createInterface, emitKeypressEvents } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { StoredActivity } from '../../model/activity.ts';
import type { FleetStatus } from '../../views/status.ts';
import { type FleetSource, sights } from '../live/sights.ts';
import { timeOfDay } from '../render/units.ts';
import { type Terminal, terminalLook } from '../terminal.ts';
import { renderTop } from './frame.ts';
import { Screen } from './screen.ts';
import { type Key, press, START, type TopState } from './state.ts';

/** Of what is looked at: more than a screen has lines. */
const maxActivities = 200;
/** A terminal sends an arrow as Escape and more; what comes later is another key. */
const ESCAPE_TIMEOUT_MS = 50;

/** The live view with keys, until a person leaves it or the signal aborts. */
export class Top {
  readonly #source: FleetSource;
  readonly #terminal: Terminal;
  readonly #program: string;
  readonly #screen: Screen;
  readonly #over = new AbortController();
  #status: FleetStatus;
  #state: TopState = START;
  #activities: readonly StoredActivity[] = [];
  /** Asked for by the place that is looked at. */
  #asking = 0;
  #lostAt: number | null = null;
  #first = 0;
  #pageRows = 1;

  /** @param status the fleet as it is at first @param program how drover is called here */
  constructor(source: FleetSource, terminal: Terminal, program: string, status: FleetStatus) {
    this.#source = source;
    this.#terminal = terminal;
    this.#program = program;
    this.#screen = new Screen(terminal.stdout);
    this.#status = status;
  }

  async run(): Promise<void> {
    const { stdin, stdout, interrupted } = this.#terminal;
    const onKey = (_: string | undefined, key: Key) => {
      for (const each of keysIn(key)) this.#press(each);
    };
    const onResize = () => {
      this.#screen.clear();
      this.#draw();
    };
    const onDrain = () => this.#draw();
    const onEnd = () => this.#over.abort();
    const signal = AbortSignal.any([interrupted, this.#over.signal]);
    this.#screen.enter();
    try {
      // Half a second is usual, which a person feels.
      const patience = createInterface({ input: new PassThrough(), escapeCodeTimeout: ESCAPE_TIMEOUT_MS });
      emitKeypressEvents(stdin, patience);
      patience.close();
      stdin.setRawMode?.(true);
      stdin.on('keypress', onKey).on('end', onEnd).on('close', onEnd).resume();
      stdout.on('resize', onResize).on('drain', onDrain);
      this.#draw();
      await this.#follow(signal);
    } finally {
      stdin.off('keypress', onKey).off('end', onEnd).off('close', onEnd).pause();
      stdout.off('resize', onResize).off('drain', onDrain);
      // A terminal that has gone cannot be set.
      if (!stdin.destroyed) stdin.setRawMode?.(false);
      this.#screen.leave();
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    void this.#ask();
    for await (const sight of sights(this.#source, this.#terminal.clock, signal)) {
      if (sight.kind === 'seen') {
        this.#status = sight.status;
        this.#lostAt = null;
        if (sight.fresh.length > 0) void this.#ask();
      } else this.#lostAt ??= this.#terminal.clock.now();
      this.#draw();
    }
  }

  #press(key: Key): void {
    const before = this.#state.place;
    this.#state = press(this.#state, key, this.#status, this.#pageRows);
    if (this.#state.isOver) return this.#over.abort();
    if (this.#state.place !== before) {
      this.#first = 0;
      this.#activities = [];
      void this.#ask();
    }
    this.#draw();
  }

  /** Asks for the activities of what is looked at; an answer that comes after another question is left out. */
  async #ask(): Promise<void> {
    this.#asking += 1;
    const asked = this.#asking;
    const { place } = this.#state;
    const about =
      place.kind === 'fleet' ? {} : place.kind === 'group' ? { group: place.group } : { instanceId: place.id };
    const found = await this.#source
      .activities({ ...about, limit: maxActivities }, this.#over.signal)
      .catch((): readonly StoredActivity[] | null => null);
    if (asked !== this.#asking || found === null || this.#over.signal.aborted) return;
    this.#activities = found;
    this.#draw();
  }

  #draw(): void {
    if (this.#over.signal.aborted) return;
    const look = terminalLook(this.#terminal, this.#program);
    const notice =
      this.#lostAt === null
        ? null
        : `The controller does not answer since ${timeOfDay(this.#lostAt)}; this is how it was last seen. It is asked again and again.`;
    const frame = { status: this.#status, state: this.#state, activities: this.#activities, notice };
    // What is out of date does not grow older on the screen.
    const shown = this.#lostAt === null ? look : { ...look, now: this.#status.at };
    const { lines, first, pageRows } = renderTop(frame, shown, this.#first);
    this.#first = first;
    this.#pageRows = pageRows;
    this.#screen.draw(lines);
  }
}

/** Escape and a key in quick succession come as one. */
function keysIn(key: Key): readonly Key[] {
  const { meta, name, sequence = '' } = key;
  if (meta !== true || name === 'escape' || sequence.length !== 2) return [key];
  return [
    { name: 'escape', sequence: '\u001B' },
    { name, sequence: sequence.slice(1) },
  ];
}
