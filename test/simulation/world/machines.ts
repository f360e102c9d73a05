import type { Endpoint, InstanceId } from '../../../src/model/instance.ts';
import type { Machine } from '../../../src/model/observation.ts';
import { Network, type NetworkConditions, type Place, tells } from './network.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import type { Cancel, VirtualClock } from './virtual-clock.ts';

/** A machine as it really is, whatever anybody is told about it. */
export interface SimMachine extends Place {
  readonly id: string;
  readonly fleet: string;
  /** The name of the provider that knows it. */
  readonly provider: string;
  readonly group: string;
  readonly instanceId: InstanceId;
  readonly zone: string | null;
  /** It has answered at some time. */
  hasAnswered: boolean;
  /** By the time of day, and in milliseconds since the start. */
  readonly launchedAt: number;
  readonly launchedMs: number;
  /** It came to be after its launch had been given up. */
  readonly late: boolean;
  state: 'pending' | 'running' | 'stopped' | 'gone';
  /** Whether its server answers requests and health checks. */
  answering: boolean;
  /** Runs, but its server does not answer and never will by itself. */
  hung: boolean;
  /** Its server answers requests, but fails its health checks. */
  sick: boolean;
  /** Its server passes its health checks, but fails all other requests. */
  erring: boolean;
  /** When it erred last, in milliseconds since the start; null when it never did. */
  erredMs: number | null;
  /** Two lists soon after another have lacked it although it was there: nobody could know of it then. */
  hidden: boolean;
  /** Two lists of the past in a row were older than it: who has no record of it could not know of it then. */
  overlooked: boolean;
  /** When it last ran again after it had stopped, in milliseconds since the start; null when it never did. */
  cameBackMs: number | null;
  /** Drover has asked for its end: whether its server answered until then; null while it was not asked. */
  ended: 'serving' | 'silent' | null;
}

/** What becomes of the machines launched from now on. */
export interface MachineConditions extends NetworkConditions {
  /** From the launch to `running`, and from there to the first answer. */
  pendingMs: readonly [number, number];
  bootMs: readonly [number, number];
  neverHealthy: number;
  diesWhileBooting: number;
  /** How long servers answer before they end by themselves; null for as long as they are wanted. */
  livesMs: readonly [number, number] | null;
  /** From the request to end it until it is gone. */
  endingMs: readonly [number, number];
}

export interface MachineListener {
  /** It began or ceased to answer, to pass its checks, or to be. */
  changed(machine: SimMachine): void;
}

/** How long the past of machines that are gone is known: longer than any list lags behind. */
const HISTORY_MS = 600_000;

/** One entry of a machine's history, for lists that lag behind. */
interface View {
  readonly at: number;
  readonly state: SimMachine['state'];
}

/** The machines of the simulated world. They outlive every controller. */
export class Machines {
  readonly conditions: MachineConditions;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #machines = new Map<string, SimMachine>();
  readonly #alive = new Set<SimMachine>();
  readonly #byInstance = new Map<InstanceId, SimMachine>();
  readonly #network: Network<SimMachine>;
  readonly #history = new Map<string, View[]>();
  readonly #boots = new Map<string, Cancel>();
  readonly #listeners = new Set<MachineListener>();
  #launched = 0;

  constructor(clock: VirtualClock, random: Random, trace: Trace, conditions: MachineConditions) {
    this.#clock = clock;
    this.#random = random;
    this.#trace = trace;
    this.conditions = conditions;
    this.#network = new Network(random, conditions);
  }

  /** Those that are not gone, oldest first. */
  alive(): Iterable<SimMachine> {
    return this.#alive;
  }

  get(id: string): SimMachine | undefined {
    return this.#machines.get(id);
  }

  /** The machine of an instance that is not gone. */
  ofInstance(instanceId: InstanceId): SimMachine | undefined {
    const machine = this.#byInstance.get(instanceId);
    return machine?.state === 'gone' ? undefined : machine;
  }

  /** The newest machine of an instance, gone or not. */
  lastOfInstance(instanceId: InstanceId): SimMachine | undefined {
    return this.#byInstance.get(instanceId);
  }

  /** Whose server has an address now. */
  at(endpoint: Endpoint): SimMachine | undefined {
    return this.#network.at(endpoint);
  }

  listen(listener: MachineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  launch(tags: Pick<SimMachine, 'fleet' | 'provider' | 'group' | 'instanceId' | 'zone'>, late: boolean): SimMachine {
    const machine: SimMachine = {
      ...tags,
      ...this.#network.draw(),
      id: `m-${++this.#launched}`,
      hasAnswered: false,
      launchedAt: this.#clock.now(),
      launchedMs: this.#clock.elapsedMs,
      late,
      state: 'pending',
      answering: false,
      hung: false,
      sick: false,
      erring: false,
      erredMs: null,
      hidden: false,
      overlooked: false,
      cameBackMs: null,
      ended: null,
    };
    this.#machines.set(machine.id, machine);
    this.#alive.add(machine);
    this.#byInstance.set(machine.instanceId, machine);
    this.#network.join(machine);
    this.#remember(machine);
    const { neverHealthy, diesWhileBooting, pendingMs, bootMs } = this.conditions;
    const fate = this.#random.next();
    const hung = fate < neverHealthy;
    const dies = !hung && fate < neverHealthy + diesWhileBooting;
    this.#trace.note('world', `${name(machine)} launched${late ? ' late' : ''}${hung ? ', will never answer' : ''}`);
    this.#boot(machine, [pendingMs, bootMs], () => {
      if (dies && this.conditions.diesWhileBooting > 0) return this.stop(machine, 'while booting');
      machine.hung = hung && this.conditions.neverHealthy > 0;
      this.#setAnswering(machine, !machine.hung);
      const { livesMs } = this.conditions;
      if (livesMs !== null) this.#later(machine, this.#draw(livesMs), () => this.stop(machine, 'by itself'));
    });
    return machine;
  }

  /** What has stopped by itself runs again, as somebody's reboot does it. */
  restart(machine: SimMachine): void {
    if (machine.state !== 'stopped' || machine.ended !== null) return;
    this.#trace.note('world', `${name(machine)} starts again`);
    machine.cameBackMs = this.#clock.elapsedMs;
    machine.hung = false;
    machine.sick = false;
    const { pendingMs, bootMs } = this.conditions;
    this.#boot(machine, [pendingMs, bootMs], () => this.#setAnswering(machine, true));
  }

  /** The machine stops by itself and is still listed. */
  stop(machine: SimMachine, why: string): void {
    if (machine.state === 'gone' || machine.state === 'stopped') return;
    this.#trace.note('world', `${name(machine)} stops ${why}`);
    this.#boots.get(machine.id)?.();
    machine.state = 'stopped';
    this.#remember(machine);
    machine.answering = false;
    this.#report(machine);
  }

  /** The machine disappears without a trace. */
  vanish(machine: SimMachine, why: string): void {
    if (machine.state === 'gone') return;
    this.#trace.note('world', `${name(machine)} is gone (${why})`);
    this.#boots.get(machine.id)?.();
    machine.state = 'gone';
    machine.answering = false;
    this.#alive.delete(machine);
    this.#network.leave(machine);
    this.#remember(machine);
    this.#report(machine);
    this.#clock.plan(HISTORY_MS, () => this.#forget(machine));
  }

  hang(machine: SimMachine): void {
    if (machine.state !== 'running' || machine.hung) return;
    this.#trace.note('world', `${name(machine)} hangs`);
    machine.hung = true;
    this.#setAnswering(machine, false);
  }

  recover(machine: SimMachine): void {
    if (machine.state !== 'running' || !machine.hung) return;
    this.#trace.note('world', `${name(machine)} recovers`);
    machine.hung = false;
    this.#setAnswering(machine, true);
  }

  setSick(machine: SimMachine, sick: boolean): void {
    if (machine.sick === sick) return;
    this.#trace.note('world', `${name(machine)} ${sick ? 'fails its checks' : 'passes its checks again'}`);
    machine.sick = sick;
    this.#report(machine);
  }

  setErring(machine: SimMachine, erring: boolean): void {
    if (machine.erring === erring) return;
    this.#trace.note('world', `${name(machine)} ${erring ? 'fails its requests' : 'answers its requests again'}`);
    machine.erring = erring;
    machine.erredMs = this.#clock.elapsedMs;
  }

  /** Drover asks for its end: its server stops at once, the machine needs a while. */
  end(machine: SimMachine): void {
    if (machine.ended !== null || machine.state === 'gone') return;
    machine.ended = machine.answering ? 'serving' : 'silent';
    this.stop(machine, 'as asked');
    this.#later(machine, this.#draw(this.conditions.endingMs), () => this.vanish(machine, 'ended'));
  }

  /** Lets all that hang recover, and boot what never would. */
  healAll(): void {
    for (const machine of this.#alive) {
      this.recover(machine);
      this.setSick(machine, false);
    }
  }

  /** A provider's machines of the fleet as they were listed `lagMs` ago. */
  list(fleet: string, provider: string, lagMs: number): Machine[] {
    const at = this.#clock.elapsedMs - lagMs;
    const listed: Machine[] = [];
    for (const machine of this.#machines.values()) {
      if (machine.fleet !== fleet || machine.provider !== provider || (lagMs === 0 && machine.state === 'gone'))
        continue;
      const state = lagMs === 0 ? machine.state : this.#stateAt(machine, at);
      if (state !== 'gone') listed.push(describe(machine, state));
    }
    return listed;
  }

  #boot(
    machine: SimMachine,
    [pendingMs, bootMs]: readonly [readonly [number, number], readonly [number, number]],
    onBooted: () => void,
  ): void {
    this.#later(machine, this.#draw(pendingMs), () => {
      machine.state = 'running';
      this.#remember(machine);
      this.#later(machine, this.#draw(bootMs), onBooted);
    });
  }

  #stateAt(machine: SimMachine, at: number): SimMachine['state'] {
    return this.#history.get(machine.id)?.findLast((view) => view.at <= at)?.state ?? 'gone';
  }

  #remember(machine: SimMachine): void {
    const view = { at: this.#clock.elapsedMs, state: machine.state };
    const history = this.#history.get(machine.id);
    if (history === undefined) this.#history.set(machine.id, [view]);
    else history.push(view);
  }

  #setAnswering(machine: SimMachine, answering: boolean): void {
    machine.answering = answering;
    machine.hasAnswered ||= answering;
    if (answering) this.#trace.note('world', `${name(machine)} answers`);
    this.#report(machine);
  }

  #report(machine: SimMachine): void {
    for (const listener of this.#listeners) listener.changed(machine);
  }

  #later(machine: SimMachine, delayMs: number, run: () => void): void {
    this.#boots.set(machine.id, this.#clock.plan(delayMs, run));
  }

  #forget(machine: SimMachine): void {
    this.#machines.delete(machine.id);
    this.#history.delete(machine.id);
    this.#boots.delete(machine.id);
    if (this.#byInstance.get(machine.instanceId) === machine) this.#byInstance.delete(machine.instanceId);
  }

  #draw([min, max]: readonly [number, number]): number {
    return this.#random.int(min, max);
  }
}

/** What a request meets: nobody who listens, no answer, or one; of those that answer, whether they pass their checks too. */
export type ServerState = 'dead' | 'hung' | 'sick' | 'well';

export function serverState(machine: SimMachine | undefined): ServerState {
  if (machine === undefined) return 'dead';
  if (machine.answering) return machine.sick ? 'sick' : 'well';
  return machine.hung && machine.state === 'running' ? 'hung' : 'dead';
}

/** A machine as its provider describes it. */
export function describe(machine: SimMachine, state: Exclude<SimMachine['state'], 'gone'>): Machine {
  return {
    id: machine.id,
    instanceId: machine.instanceId,
    group: machine.group,
    state,
    addresses: tells(machine.hasAnswered, machine.tells.addresses, state) ? machine.told.addresses : [],
    ports: tells(machine.hasAnswered, machine.tells.ports, state) ? machine.told.ports : [],
    launchedAt: machine.launchedAt,
    zone: machine.zone,
    detail: state === 'stopped' ? 'it has stopped' : '',
  };
}

function name(machine: SimMachine): string {
  return `${machine.id} of ${machine.instanceId}`;
}
