import { KeyedSerial } from '../../base/serial.ts';
import type { Machine, MachineRepair } from '../../model/observation.ts';
import type { Clock, Moment } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import type { LaunchRequest, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { Watchers } from '../watchers.ts';
import { listOfZones } from '../zone-lists.ts';
import { isFromOutside } from './check.ts';
import type { Claim } from './claim.ts';
import { Host, isUnreachable } from './host.ts';
import { Quarantine } from './quarantine.ts';
import { HostRecords } from './records.ts';
import { answered, Repairs, STARTED_TIMEOUT_MS } from './repairs.ts';
import { readProviderSettings, readSettings, type StaticSettings } from './settings.ts';

/** How long a host is neither reached nor serves before it is reset: it may be booting, or have lost its network for a moment. */
const DOWN_BEFORE_RESET_MS = 60_000;
/** How long after that the reset has begun. */
const RESET_DELAY_MS = 60_000;

/** Servers on hosts of one's own. How it works is in docs/providers/static.md. */
export class StaticProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #settings: StaticSettings;
  /** By name. */
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #quarantine: Quarantine;
  readonly #records: HostRecords;
  readonly #repairs: Repairs;
  /** On one host one change at a time. */
  readonly #queue = new KeyedSerial();
  /** Of an instance one launch at a time. */
  readonly #launches = new KeyedSerial();
  /** The fleet's servers as they were seen last, by host: only for such a one a host is reset that cannot be reached. */
  readonly #servers = new Map<string, Claim>();
  /** Instances whose status has passed since they were started. */
  readonly #passed = new Set<string>();
  /** Instances that were asked to end: nothing is repaired for them. */
  readonly #ending = new Set<string>();
  /** Hosts that can neither be reached nor serve, and since when. */
  readonly #down = new Map<string, Moment>();
  /** Whether each could be reached when it was asked last; one at rest is neither. */
  readonly #reached = new Map<string, boolean>();
  readonly #watchers = new Watchers();
  readonly #closed = new AbortController();

  constructor({ fleet, settings, dataDir, clock }: ProviderContext) {
    this.#settings = readProviderSettings(settings);
    this.#fleet = fleet;
    this.#clock = clock;
    const { hosts, bootTimeoutMs } = this.#settings;
    const context = { ...this.#settings, fleet, clock };
    this.#hosts = new Map(hosts.map((host) => [host.name, new Host(host, context)]));
    this.#quarantine = new Quarantine(dataDir);
    this.#records = new HostRecords(dataDir);
    this.#repairs = new Repairs({
      records: this.#records,
      quarantine: this.#quarantine,
      queue: this.#queue,
      clock,
      bootTimeoutMs,
      closed: this.#closed.signal,
      onEnd: () => this.#watchers.notify(),
    });
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, () =>
      this.#launches.run(request.instanceId, async () => {
        const { zone } = request.placement;
        if (zone === null) return await this.#launchAnywhere(request, signal);
        const host = this.#hosts.get(zone);
        if (host !== undefined) return await this.#launchInTurn(host, request, signal);
        const message = `There is no host ${zone} in the provider's settings; add it, or correct zones.`;
        throw new PortError('Invalid', 'noHost', message);
      }),
    );
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, () =>
      listOfZones([...this.#hosts.values()], async (host) => {
        const machine = await this.#machineOn(host, signal);
        return machine === null ? [] : [machine];
      }),
    );
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      const [name = '', instanceId] = machineId.split(':');
      const host = this.#hosts.get(name);
      if (host === undefined) throw this.#noMachine(machineId);
      if (this.#repairs.on(host)?.claim.instanceId === instanceId) this.#repairs.cancel(host);
      await this.#queue.run(name, async () => {
        const claim = await host.claimed(signal);
        if (claim?.fleet !== this.#fleet || claim.instanceId !== instanceId) throw this.#noMachine(machineId);
        this.#ending.add(instanceId);
        await this.#end(host, claim, signal);
      });
    });
  }

  watch(onChange: () => void): () => void {
    return this.#watchers.add(onChange);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watchers.clear();
    await this.#repairs.close();
  }

  /** For whoever names no host: on the one that the instance has, else on the first that is free. */
  async #launchAnywhere(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const hosts = [...this.#hosts.values()];
    const claims = await Promise.all(hosts.map((host) => this.#claimOrRest(host, signal)));
    const isOwn = (claim: Claim | null) => claim?.fleet === this.#fleet && claim.instanceId === request.instanceId;
    const own = hosts.filter((_, index) => isOwn(claims[index] ?? null));
    let full: unknown;
    for (const host of own.length > 0 ? own : hosts) {
      try {
        return await this.#launchInTurn(host, request, signal);
      } catch (error) {
        if (asPortError(error).reaction !== 'NoCapacity') throw error;
        full = error;
      }
    }
    throw full;
  }

  /** On one host one change at a time; one whose server is being repaired is not waited for. */
  async #launchInTurn(host: Host, request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const repair = this.#repairs.on(host);
    if (repair?.claim.instanceId === request.instanceId) return this.#underRepair(host, repair.claim, repair);
    if (repair !== null) throw inUse(host, repair.claim);
    return await this.#queue.run(host.name, () => this.#launchOn(host, request, signal));
  }

  async #launchOn(host: Host, request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const { instanceId, group } = request;
    const settings = readSettings(request.settings);
    const { start, stop, status, restart } = settings;
    const wanted: Claim = {
      fleet: this.#fleet,
      group,
      instanceId,
      launchedAt: this.#clock.now(),
      startedAt: null,
      phase: 'claimed',
      ...{ start, stop, status, restart },
    };
    const found = (await this.#claimOnAwake(host, signal)) ?? (await this.#claim(host, wanted, signal));
    if (found.fleet !== this.#fleet || found.instanceId !== instanceId) throw inUse(host, found);
    if (found.phase === 'started') return await this.#seen(host, found, signal);
    const why = await host.command(settings.start, found, signal);
    if (why !== null) throw await this.#startFailed(host, found, why, signal);
    const started: Claim = { ...found, phase: 'started', startedAt: this.#clock.now() };
    await host.mark(started, signal);
    return this.#running(host, started);
  }

  /** The claim on a host; one that is at rest is switched on first. */
  async #claimOnAwake(host: Host, signal: AbortSignal): Promise<Claim | null> {
    try {
      return await host.claimed(signal);
    } catch (error) {
      if (!(isUnreachable(error) && this.#isAtRest(host))) throw error;
      this.#refuseQuarantined(host);
      return await this.#wake(host, signal);
    }
  }

  /** @throws PortError `NoCapacity` where it is not reached, or its check does not pass, in time; it is not used for a while then */
  async #wake(host: Host, signal: AbortSignal): Promise<Claim | null> {
    const { check, bootTimeoutMs } = this.#settings;
    const until = this.#clock.steadyMs() + bootTimeoutMs;
    const refused = await host.power('wake', null, signal);
    const ask = async () => {
      const claim = await host.claimed(signal);
      const why = claim === null ? await host.whyFails(check, null, signal) : null;
      if (why !== null) throw new PortError('Transient', 'checkFails', `check fails: ${why}`);
      return claim;
    };
    const awake = refused === null ? await answered(ask, this.#clock, until, signal) : { failed: refused };
    if ('value' in awake) return awake.value;
    signal.throwIfAborted();
    const why = `it was switched on, and is not ready within ${bootTimeoutMs / 1000} s: ${awake.failed}`;
    const failed = refused === null ? why : `wake fails: ${refused}`;
    this.#quarantine.add(host.name, this.#clock.now(), failed);
    throw new PortError('NoCapacity', 'notAwake', `${host.name}: ${failed}; another one is tried`);
  }

  /** Whether a host that cannot be reached is one that was switched off: nothing of the fleet runs there. */
  #isAtRest(host: Host): boolean {
    return host.can('wake') && this.#records.isFree(host.name);
  }

  async #claimOrRest(host: Host, signal: AbortSignal): Promise<Claim | null> {
    try {
      return await host.claimed(signal);
    } catch (error) {
      if (isUnreachable(error) && this.#isAtRest(host)) return null;
      throw error;
    }
  }

  /** @throws PortError `NoCapacity` while the host has to be left alone, whatever its check says */
  #refuseQuarantined(host: Host): void {
    const failed = this.#quarantine.get(host.name);
    if (failed !== null && this.#clock.now() - failed.since < this.#settings.quarantineMs)
      throw quarantined(host, failed.why);
  }

  /** @throws PortError `NoCapacity` while the host is in quarantine */
  async #claim(host: Host, claim: Claim, signal: AbortSignal): Promise<Claim> {
    this.#refuseQuarantined(host);
    if (this.#quarantine.get(host.name) !== null) {
      const why = await host.whyFails(this.#settings.check, null, signal);
      if (why !== null) throw quarantined(host, why);
      this.#quarantine.remove(host.name);
    }
    return await this.#records.claiming(host.name, () => host.claim(claim, signal));
  }

  /** Nothing is left on the host, and it is not used for a while. @returns the error to throw */
  async #startFailed(host: Host, claim: Claim, why: string, signal: AbortSignal): Promise<PortError> {
    this.#quarantine.add(host.name, this.#clock.now(), `start fails: ${why}`);
    await this.#end(host, claim, signal);
    const message = `start fails on ${host.name}: ${why}; the host is in quarantine, and another one is tried`;
    return new PortError('NoCapacity', 'startFailed', message);
  }

  /** What has failed to stop keeps its claim, and is asked again. */
  async #end(host: Host, claim: Claim, signal: AbortSignal): Promise<void> {
    const why = await host.command(claim.stop, claim, signal);
    if (why !== null) {
      this.#quarantine.add(host.name, this.#clock.now(), `stop fails: ${why}`);
      throw new PortError('Transient', 'stopFailed', `stop fails on ${host.name}: ${why}`);
    }
    await host.release(claim, signal);
    this.#repairs.forget(claim);
    this.#servers.delete(host.name);
    this.#passed.delete(claim.instanceId);
    this.#ending.delete(claim.instanceId);
  }

  async #machineOn(host: Host, signal: AbortSignal): Promise<Machine | null> {
    const repair = this.#repairs.on(host);
    if (repair !== null) return this.#underRepair(host, repair.claim, repair);
    const turn = this.#records.turn(host.name);
    let claim: Claim | null;
    try {
      claim = await host.claimed(signal);
    } catch (error) {
      return await this.#unreached(host, error, signal);
    }
    this.#reached.set(host.name, true);
    this.#down.delete(host.name);
    if (claim?.fleet !== this.#fleet) {
      this.#servers.delete(host.name);
      this.#records.noteFree(host.name, turn);
      return null;
    }
    this.#records.noteTaken(host.name);
    if (claim.phase === 'claimed') return host.machine(claim, 'pending', `is being started on ${host.name}`);
    this.#servers.set(host.name, claim);
    return await this.#seen(host, claim, signal);
  }

  /**
   * What is known of a host that cannot be reached. It is reset where the server that was last seen on it does not answer either, for a while,
   * and most other hosts are reached: else it is more likely that Drover has lost its own network.
   * @throws what asking it threw, where nothing is known
   */
  async #unreached(host: Host, error: unknown, signal: AbortSignal): Promise<Machine | null> {
    if (!isUnreachable(error)) throw error;
    if (this.#isAtRest(host)) {
      this.#reached.delete(host.name);
      return null;
    }
    this.#reached.set(host.name, false);
    const claim = this.#servers.get(host.name);
    if (claim?.status == null || !isFromOutside(claim.status) || this.#ending.has(claim.instanceId)) throw error;
    if (!this.#repairs.mayReset(host, claim)) throw error;
    const why = await host.whyDown(claim, signal);
    if (why === null || this.#areMostUnreached()) {
      this.#down.delete(host.name);
      throw error;
    }
    const begun = this.#repairs.on(host);
    if (begun !== null) return this.#underRepair(host, begun.claim, begun);
    const { at, steadyMs } = this.#down.get(host.name) ?? { at: this.#clock.now(), steadyMs: this.#clock.steadyMs() };
    this.#down.set(host.name, { at, steadyMs });
    const both = `${asPortError(error).message}, and status fails: ${why}`;
    if (this.#clock.steadyMs() - steadyMs < DOWN_BEFORE_RESET_MS) {
      const until = at + DOWN_BEFORE_RESET_MS + RESET_DELAY_MS;
      return this.#underRepair(host, claim, { step: 'wait', why: both, until });
    }
    this.#down.delete(host.name);
    return this.#underRepair(host, claim, this.#repairs.beginReset(host, claim, both));
  }

  #areMostUnreached(): boolean {
    const all = [...this.#reached.values()];
    return all.filter((isReached) => !isReached).length * 2 > all.length;
  }

  /** The machine of a claim. What can be tried to bring its server back is tried before it is given up. */
  async #seen(host: Host, claim: Claim, signal: AbortSignal): Promise<Machine> {
    const begun = this.#repairs.begunOn(host);
    const why = await host.whyDown(claim, signal);
    if (why === null) this.#passed.add(claim.instanceId);
    // What has been repaired meanwhile is seen by the next list.
    if (why === null || begun !== this.#repairs.begunOn(host)) return this.#running(host, claim);
    if (this.#isStarting(claim)) return this.#running(host, claim, `is starting on ${host.name}: ${why}`);
    const repair = this.#ending.has(claim.instanceId) ? null : this.#repairs.begin(host, claim, why);
    if (repair !== null) return this.#underRepair(host, claim, repair);
    if (this.#quarantine.get(host.name) === null) this.#quarantine.add(host.name, this.#clock.now(), why);
    return host.machine(claim, 'stopped', `status fails on ${host.name}: ${why}`);
  }

  /** Whether it may still be too early for its status to pass. A command on the host knows by itself what is starting. */
  #isStarting({ instanceId, startedAt, status }: Claim): boolean {
    if (startedAt === null || status === null || !isFromOutside(status) || this.#passed.has(instanceId)) return false;
    const sinceMs = this.#clock.now() - startedAt;
    return sinceMs >= 0 && sinceMs < STARTED_TIMEOUT_MS;
  }

  #running(host: Host, claim: Claim, detail?: string): Machine {
    const machine = host.machine(claim, 'running', detail);
    return this.#repairs.isPossible(host, claim) ? { ...machine, repair: 'possible' } : machine;
  }

  #underRepair(host: Host, claim: Claim, { step, why, until }: MachineRepair): Machine {
    const detail = `${STEPS[step]} on ${host.name}: ${why}`;
    return { ...host.machine(claim, 'running', detail), repair: { step, why, until } };
  }

  #noMachine(machineId: string): PortError {
    return new PortError('NotFound', 'noMachine', `There is no machine ${machineId} in the fleet ${this.#fleet}.`);
  }
}

const STEPS = {
  wait: 'is waited for',
  restart: 'is being restarted',
  reset: 'is brought back by a reset',
} as const satisfies Record<MachineRepair['step'], string>;

function inUse(host: Host, { instanceId, fleet }: Claim): PortError {
  return new PortError('NoCapacity', 'hostInUse', `${host.name} serves ${instanceId} of the fleet ${fleet}.`);
}

function quarantined(host: Host, why: string): PortError {
  return new PortError('NoCapacity', 'quarantined', `${host.name} has failed and is in quarantine: ${why}`);
}
