import { ServiceError } from '../../../src/control/service.ts';
import { PortError } from '../../../src/ports/errors.ts';
import type { Violation } from '../rules/invariants.ts';
import { unsettled } from '../rules/liveness.ts';
import { isOrder } from '../scenario/happenings.ts';
import { happen } from '../scenario/incidents.ts';
import { Operator } from '../scenario/operator.ts';
import { randomScenario, type Scenario } from '../scenario/scenario.ts';
import { DrawnDefect } from '../world/call.ts';
import type { CountedPoint } from '../world/crash-points.ts';
import { createRandom } from '../world/random.ts';
import { type ControllerFactory, droverController, Session } from '../world/session.ts';
import { Trace } from '../world/trace.ts';
import { settle, VirtualClock } from '../world/virtual-clock.ts';
import { World } from '../world/world.ts';

export interface RunOptions {
  /** Instead of the real one. */
  readonly controller?: ControllerFactory;
  /** Every line of the story, as it happens. */
  readonly onLine?: (line: string) => void;
  /** Called after every step. */
  readonly onStep?: (world: World) => void;
  /** Instead of what the seed stands for. */
  readonly scenario?: Scenario;
}

export interface Result {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The same for the same story. */
  readonly digest: string;
  /** The last of the story. */
  readonly lines: readonly string[];
  readonly steps: number;
  readonly elapsedMs: number;
  /** How often each crash point was passed, and where controllers died. */
  readonly points: ReadonlyMap<CountedPoint, number>;
  readonly deaths: readonly CountedPoint[];
}

const KEPT_LINES = 80;
const RESTART_MIN_MS = 50;
const RESTART_MAX_MS = 15_000;
/** From the end of all faults until the fleet has to be as it should be. */
const SETTLE_WITHIN_MS = 20 * 60_000;
/** For how long it has to stay so. */
const SETTLED_FOR_MS = 10_000;
const EXAMINE_EVERY_MS = 250;
const STOP_WITHIN_MS = 60_000;
const RESUME_EVERY_MS = 5_000;

/** What a seed stands for, made anew each time: a run changes it. */
export function scenarioOf(seed: number, days: number | null = null): Scenario {
  return randomScenario(createRandom(seed).fork('scenario'), days);
}

/** Lives through what one seed stands for: the same seed, the same story. It ends at the first violation. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<Result> {
  const run = new Run(seed, options);
  try {
    return await run.live();
  } finally {
    run.close();
  }
}

class Run {
  readonly #seed: number;
  readonly #clock = new VirtualClock();
  readonly #random;
  readonly #trace: Trace;
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #session: Session;
  readonly #operator: Operator;
  readonly #onStep: (world: World) => void;
  readonly #points = new Map<CountedPoint, number>();
  readonly #deaths: CountedPoint[] = [];
  #steps = 0;
  #quiet = false;

  constructor(seed: number, { controller, onLine, onStep, scenario }: RunOptions) {
    this.#seed = seed;
    const random = createRandom(seed);
    this.#random = random.fork('runner');
    this.#trace = new Trace(this.#clock, { keptLines: KEPT_LINES, ...(onLine === undefined ? {} : { onLine }) });
    this.#scenario = scenario ?? scenarioOf(seed);
    this.#world = new World(this.#scenario, this.#clock, random.fork('world'), this.#trace);
    this.#onStep = onStep ?? (() => {});
    this.#session = new Session({
      world: this.#world,
      factory: controller ?? droverController,
      onPoint: (point) => this.#points.set(point, (this.#points.get(point) ?? 0) + 1),
      onDeath: (point) => {
        this.#deaths.push(point);
        this.#startLater();
      },
      onDown: () => this.#isDown(),
    });
    this.#operator = new Operator(this.#world, this.#session, () => this.#startLater());
  }

  async live(): Promise<Result> {
    this.#trace.note('runner', `seed ${this.#seed}`);
    const onRejection = (reason: unknown): void => this.#failed('an unhandled rejection', reason);
    process.on('unhandledRejection', onRejection);
    try {
      for (const { atMs, happening } of this.#scenario.happenings) {
        this.#clock.plan(atMs, () =>
          isOrder(happening) ? this.#operator.do(happening) : happen(this.#world, happening),
        );
      }
      this.#start();
      await this.#untilTime(this.#scenario.quietAtMs);
      this.#world.calmDown();
      this.#quiet = true;
      this.#session.spare();
      await this.#untilSettled();
      await this.#stop();
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    return {
      seed: this.#seed,
      violations: this.#world.invariants.violations,
      digest: this.#trace.digest(),
      lines: this.#trace.lines,
      steps: this.#steps,
      elapsedMs: this.#clock.elapsedMs,
      points: this.#points,
      deaths: this.#deaths,
    };
  }

  close(): void {
    this.#session.close();
    this.#world.close();
  }

  get #broken(): boolean {
    return this.#world.invariants.violations.length > 0;
  }

  async #step(): Promise<void> {
    this.#steps += 1;
    if (!(await this.#clock.advance())) this.#world.invariants.violate('liveness', 'nothing is left to wait for');
    this.#world.invariants.check();
    this.#onStep(this.#world);
  }

  async #untilTime(atMs: number): Promise<void> {
    let reached = false;
    this.#clock.plan(atMs - this.#clock.elapsedMs, () => {
      reached = true;
    });
    while (!reached && !this.#broken) await this.#step();
  }

  async #untilSettled(): Promise<void> {
    let wanted = this.#session.wanted;
    let deadlineMs = this.#clock.elapsedMs + SETTLE_WITHIN_MS;
    let settledMs: number | null = null;
    this.#resumeSuspended();
    let nextExaminationMs = 0;
    while (!this.#broken) {
      await this.#step();
      if (this.#clock.elapsedMs < nextExaminationMs) continue;
      nextExaminationMs = this.#clock.elapsedMs + EXAMINE_EVERY_MS;
      // What goes down comes up again, and has its time for both.
      if (this.#session.wanted !== wanted) deadlineMs = this.#clock.elapsedMs + SETTLE_WITHIN_MS;
      wanted = this.#session.wanted;
      const isSettled = wanted === 'up' && unsettled(this.#world).next().done === true;
      settledMs = isSettled ? (settledMs ?? this.#clock.elapsedMs) : null;
      if (settledMs !== null && this.#clock.elapsedMs - settledMs >= SETTLED_FOR_MS) return;
      if (this.#clock.elapsedMs > deadlineMs) {
        const minutes = SETTLE_WITHIN_MS / 60_000;
        const left = wanted === 'down' ? ['the fleet is not down'] : [...unsettled(this.#world)];
        this.#world.invariants.violate('liveness', `not settled ${minutes} minutes after calm: ${left.join('; ')}`);
      }
    }
  }

  async #stop(): Promise<void> {
    if (this.#broken) return;
    let stopped = false;
    this.#session.stop().then(
      () => {
        stopped = true;
      },
      (reason: unknown) => this.#failed('stop', reason),
    );
    await settle();
    const deadlineMs = this.#clock.elapsedMs + STOP_WITHIN_MS;
    while (!stopped && !this.#broken) {
      if (this.#clock.elapsedMs > deadlineMs) this.#world.invariants.violate('stops', 'stop does not come to an end');
      await this.#step();
    }
  }

  #start(): void {
    const plan = this.#quiet ? null : (this.#scenario.crashes[this.#deaths.length] ?? null);
    this.#session.start(plan).catch((reason: unknown) => this.#startFailed(reason));
  }

  #startLater(): void {
    this.#clock.plan(this.#random.int(RESTART_MIN_MS, RESTART_MAX_MS), () => this.#start());
  }

  /** A controller may refuse to start, as long as it says why; a person then takes back what was new. */
  #startFailed(reason: unknown): void {
    const isExpected = reason instanceof PortError || reason instanceof ServiceError || reason instanceof DrawnDefect;
    if (!isExpected) return this.#failed('start', reason);
    this.#trace.note('runner', `the controller does not start: ${reason.message}`);
    if (reason instanceof ServiceError) this.#world.restoreFleet(this.#world.invariants.inForce.fleet);
    this.#startLater();
  }

  #isDown(): void {
    this.#trace.note('runner', 'the fleet is down');
    this.#world.invariants.checkDown();
    this.#session.wanted = 'up';
    this.#session.stop().then(
      () => this.#startLater(),
      (reason: unknown) => this.#failed('stop', reason),
    );
  }

  #resumeSuspended(): void {
    this.#operator.resumeSuspended();
    this.#clock.plan(RESUME_EVERY_MS, () => this.#resumeSuspended());
  }

  #failed(what: string, reason: unknown): void {
    const stack = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    this.#world.invariants.violate('noError', `${what}: ${stack}`);
  }
}
