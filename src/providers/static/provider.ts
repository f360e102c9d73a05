import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import type { LaunchRequest, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { Watchers } from '../watchers.ts';
import { listOfZones } from '../zone-lists.ts';
import type { Claim } from './claim.ts';
import { Host } from './host.ts';
import { Quarantine } from './quarantine.ts';
import { readProviderSettings, readSettings, type StaticSettings } from './settings.ts';

/** A server that was restarted and fails again within this time has failed. */
const RESTART_WINDOW_MS = 600_000;

/** Servers on hosts of one's own. How it works is in docs/providers/static.md. */
export class StaticProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #settings: StaticSettings;
  /** By name. */
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #quarantine: Quarantine;
  /** On one host one change at a time. */
  readonly #queue = new KeyedSerial();
  /** Of an instance one launch at a time. */
  readonly #launches = new KeyedSerial();
  /** When the server of a machine was restarted, by the steady clock. */
  readonly #restarted = new Map<string, number>();
  readonly #restarts = new Map<string, Promise<void>>();
  readonly #watchers = new Watchers();
  readonly #closed = new AbortController();

  constructor({ fleet, settings, dataDir, clock }: ProviderContext) {
    this.#settings = readProviderSettings(settings);
    this.#fleet = fleet;
    this.#clock = clock;
    const { hosts, directory } = this.#settings;
    this.#hosts = new Map(hosts.map((host) => [host.name, new Host(host, directory, clock)]));
    this.#quarantine = new Quarantine(dataDir);
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, () =>
      this.#launches.run(request.instanceId, async () => {
        const { zone } = request.placement;
        if (zone === null) return await this.#launchAnywhere(request, signal);
        const host = this.#hosts.get(zone);
        if (host !== undefined) return await this.#queue.run(host.name, () => this.#launchOn(host, request, signal));
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
      await this.#queue.run(name, async () => {
        const claim = await host.claimed(signal);
        if (claim?.fleet !== this.#fleet || claim.instanceId !== instanceId) throw this.#noMachine(machineId);
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
    await Promise.allSettled(this.#restarts.values());
  }

  /** For whoever names no host: on the one that the instance has, else on the first that is free. */
  async #launchAnywhere(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const hosts = [...this.#hosts.values()];
    const claims = await Promise.all(hosts.map((host) => host.claimed(signal)));
    const isOwn = (claim: Claim | null) => claim?.fleet === this.#fleet && claim.instanceId === request.instanceId;
    const own = hosts.filter((_, index) => isOwn(claims[index] ?? null));
    let full: unknown;
    for (const host of own.length > 0 ? own : hosts) {
      try {
        return await this.#queue.run(host.name, () => this.#launchOn(host, request, signal));
      } catch (error) {
        if (asPortError(error).reaction !== 'NoCapacity') throw error;
        full = error;
      }
    }
    throw full;
  }

  async #launchOn(host: Host, request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const { instanceId, group } = request;
    const settings = readSettings(request.settings);
    const { stop, status, restart } = settings;
    const wanted: Claim = {
      fleet: this.#fleet,
      group,
      instanceId,
      launchedAt: this.#clock.now(),
      phase: 'claimed',
      ...{ stop, status, restart },
    };
    const found = (await host.claimed(signal)) ?? (await this.#claim(host, wanted, signal));
    if (found.fleet !== this.#fleet || found.instanceId !== instanceId) {
      const message = `${host.name} serves ${found.instanceId} of the fleet ${found.fleet}.`;
      throw new PortError('NoCapacity', 'hostInUse', message);
    }
    if (found.phase === 'started') return await this.#seen(host, found, signal);
    const why = await host.command(settings.start, found, signal);
    if (why !== null) throw await this.#startFailed(host, found, why, signal);
    const started: Claim = { ...found, phase: 'started' };
    await host.mark(started, signal);
    return host.machine(started, 'running');
  }

  /** @throws PortError `NoCapacity` while the host is in quarantine */
  async #claim(host: Host, claim: Claim, signal: AbortSignal): Promise<Claim> {
    const failed = this.#quarantine.get(host.name);
    if (failed !== null) {
      const isOver = this.#clock.now() - failed.since >= this.#settings.quarantineMs;
      const why = isOver ? await host.command(this.#settings.check, null, signal) : failed.why;
      if (why !== null) {
        const message = `${host.name} has failed and is in quarantine: ${why}`;
        throw new PortError('NoCapacity', 'quarantined', message);
      }
      this.#quarantine.remove(host.name);
    }
    return await host.claim(claim, signal);
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
    this.#restarted.delete(host.machine(claim, 'stopped').id);
  }

  async #machineOn(host: Host, signal: AbortSignal): Promise<Machine | null> {
    const claim = await host.claimed(signal);
    if (claim?.fleet !== this.#fleet) return null;
    if (claim.phase === 'claimed') return host.machine(claim, 'pending', `is being started on ${host.name}`);
    return await this.#seen(host, claim, signal);
  }

  /** The machine of a claim. Its server is restarted once before it is given up: a host cannot be had anew. */
  async #seen(host: Host, claim: Claim, signal: AbortSignal): Promise<Machine> {
    const { id } = host.machine(claim, 'running');
    if (this.#restarts.has(id)) return host.machine(claim, 'running', `is being restarted on ${host.name}`);
    const why = await host.whyDown(claim, signal);
    if (why === null) return host.machine(claim, 'running');
    const last = this.#restarted.get(id);
    const isNew = last === undefined || this.#clock.steadyMs() - last >= RESTART_WINDOW_MS;
    if (claim.restart !== null && isNew) {
      this.#restart(host, claim, claim.restart);
      return host.machine(claim, 'running', `is being restarted on ${host.name}: ${why}`);
    }
    if (this.#quarantine.get(host.name) === null) this.#quarantine.add(host.name, this.#clock.now(), why);
    return host.machine(claim, 'stopped', `status fails on ${host.name}: ${why}`);
  }

  #restart(host: Host, claim: Claim, command: readonly string[]): void {
    const { id } = host.machine(claim, 'running');
    this.#restarted.set(id, this.#clock.steadyMs());
    const restart = this.#queue
      .run(host.name, () => host.command(command, claim, this.#closed.signal))
      // Whether it has helped the next status says.
      .catch(() => null)
      .then(() => {
        this.#restarts.delete(id);
        this.#watchers.notify();
      });
    this.#restarts.set(id, restart);
  }

  #noMachine(machineId: string): PortError {
    return new PortError('NotFound', 'noMachine', `There is no machine ${machineId} in the fleet ${this.#fleet}.`);
  }
}
