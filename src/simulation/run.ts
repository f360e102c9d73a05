import type { CrashPoint } from './crash.ts';
import type { Violation } from './invariants.ts';
import { unsettled } from './liveness.ts';
import { createRandom } from './random.ts';
import { isOrder, type Order, randomScenario, type Scenario } from './scenario.ts';
import { type ControllerFactory, Session } from './session.ts';
import { Trace } from './trace.ts';
import { settle, VirtualClock } from './virtual-clock.ts';
import { World } from './world.ts';

export interface RunOptions {
  readonly controller: ControllerFactory;
  /** Every line of the story, as it happens. */
  readonly onLine?: (line: string) => void;
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
  readonly points: ReadonlyMap<CrashPoint, number>;
  readonly deaths: readonly CrashPoint[];
}

const KEPT_LINES = 80;
const RESTART_MIN_MS = 50;
const RESTART_MAX_MS = 15_000;
/** From the end of all faults until the fleet has to be as it should be. */
const SETTLE_WITHIN_MS = 20 * 60_000;
/** For how long it has to stay so. */
const SETTLED_FOR_MS = 10_000;
const LOOK_EVERY_MS = 250;
const STOP_WITHIN_MS = 60_000;
const RESUME_EVERY_MS = 5_000;

/** Lives through what one seed stands for: the same seed, the same story. It ends at the first violation. */
export async function runSeed(seed: number, options: RunOptions): Promise<Result> {
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
  readonly #points = new Map<CrashPoint, number>();
  readonly #deaths: CrashPoint[] = [];
  #steps = 0;
  #quiet = false;

  constructor(seed: number, { controller, onLine, scenario }: RunOptions) {
    this.#seed = seed;
    const random = createRandom(seed);
    this.#random = random.fork('runner');
    this.#trace = new Trace(this.#clock, { keptLines: KEPT_LINES, ...(onLine === undefined ? {} : { onLine }) });
    this.#scenario = scenario ?? randomScenario(random.fork('scenario'));
    this.#world = new World(this.#scenario, this.#clock, random.fork('world'), this.#trace);
    this.#session = new Session({
      world: this.#world,
      factory: controller,
      onPoint: (point) => this.#points.set(point, (this.#points.get(point) ?? 0) + 1),
      onDeath: (point) => {
        this.#deaths.push(point);
        this.#startLater();
      },
    });
  }

  async live(): Promise<Result> {
    this.#trace.note('runner', `seed ${this.#seed}`);
    const onRejection = (reason: unknown): void => this.#failed('an unhandled rejection', reason);
    process.on('unhandledRejection', onRejection);
    try {
      for (const { atMs, happening } of this.#scenario.happenings) {
        this.#clock.plan(atMs, () => (isOrder(happening) ? this.#order(happening) : this.#world.happen(happening)));
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
  }

  get #broken(): boolean {
    return this.#world.invariants.violations.length > 0;
  }

  async #step(): Promise<void> {
    this.#steps += 1;
    if (!(await this.#clock.advance())) this.#world.invariants.violate('liveness', 'nothing is left to wait for');
    this.#world.invariants.check();
  }

  async #untilTime(atMs: number): Promise<void> {
    let reached = false;
    this.#clock.plan(atMs - this.#clock.elapsedMs, () => {
      reached = true;
    });
    while (!reached && !this.#broken) await this.#step();
  }

  async #untilSettled(): Promise<void> {
    const { fleet } = this.#scenario;
    const { machines, hosts, records } = this.#world;
    const what = { fleet, machines, hosts, records };
    const deadlineMs = this.#clock.elapsedMs + SETTLE_WITHIN_MS;
    let settledMs: number | null = null;
    this.#resumeSuspended();
    let nextLookMs = 0;
    while (!this.#broken) {
      await this.#step();
      if (this.#clock.elapsedMs < nextLookMs) continue;
      nextLookMs = this.#clock.elapsedMs + LOOK_EVERY_MS;
      const left = unsettled(what);
      settledMs = left.length > 0 ? null : (settledMs ?? this.#clock.elapsedMs);
      if (settledMs !== null && this.#clock.elapsedMs - settledMs >= SETTLED_FOR_MS) return;
      if (this.#clock.elapsedMs > deadlineMs) {
        this.#world.invariants.violate(
          'liveness',
          `not settled ${SETTLE_WITHIN_MS / 60_000} minutes after calm: ${left.join('; ')}`,
        );
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
    this.#session.start(plan).catch((reason: unknown) => this.#failed('start', reason));
  }

  #startLater(): void {
    this.#clock.plan(this.#random.int(RESTART_MIN_MS, RESTART_MAX_MS), () => this.#start());
  }

  #order(order: Order): void {
    const { controller } = this.#session;
    if (controller === null) return;
    switch (order.kind) {
      case 'setDesired':
        this.#trace.note('person', `sets ${order.group} to ${order.desired}`);
        this.#ask(controller.setDesiredCapacity(order.group, order.desired));
        break;
      case 'drain':
      case 'terminate': {
        const ids = this.#scenario.fleet.autoScalingGroups.flatMap(({ name }) => this.#world.records.open(name));
        const instance = ids[Math.floor(order.which * ids.length)];
        if (instance === undefined) break;
        this.#trace.note('person', `${order.kind}s ${instance.id}`);
        const { id } = instance;
        this.#ask(order.kind === 'drain' ? controller.drainInstance(id) : controller.terminateInstance(id));
        break;
      }
      case 'restartController':
        this.#ask(this.#session.stop().then(() => this.#startLater()));
        break;
    }
  }

  /** A person's request may be refused; that is an answer. */
  #ask(request: Promise<unknown>): void {
    request.catch((reason: unknown) => this.#trace.note('person', `is told: ${messageOf(reason)}`));
  }

  /** A person looks after groups that have given up launching, once all is calm. */
  #resumeSuspended(): void {
    for (const [group, { launch }] of this.#world.records.memory) {
      if (launch.suspended === null || this.#session.controller === null) continue;
      this.#trace.note('person', `resumes ${group}`);
      this.#ask(this.#session.controller.resumeLaunch(group));
    }
    this.#clock.plan(RESUME_EVERY_MS, () => this.#resumeSuspended());
  }

  #failed(what: string, reason: unknown): void {
    const stack = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    this.#world.invariants.violate('noError', `${what}: ${stack}`);
  }
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
