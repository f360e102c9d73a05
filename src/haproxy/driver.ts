import { rm } from 'node:fs/promises';
import { Serial } from '../base/serial.ts';
import type { LoadBalancerObservation } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { isDefect, PortError } from '../ports/errors.ts';
import type { Announce, DesiredState, LoadBalancerDriver } from '../ports/load-balancer.ts';
import { type Binary, findBinary, validate } from './binary.ts';
import { ConfigFiles, isSameTarget, type Target } from './config-files.ts';
import { Departures } from './departures.ts';
import { difference } from './diff.ts';
import { RingEvents } from './events.ts';
import { membersIn, untilTakenOver, withMembers } from './handover.ts';
import { HangWatch, OLD_WORKER_SILENCE_MS, SILENCE_MS } from './hang.ts';
import { describeChange, sameSkeleton, skeletonOf } from './last-good.ts';
import { launch } from './launch.ts';
import { checkListeners } from './listening.ts';
import { checkDesired } from './members.ts';
import { healthyServers, type Memory, NO_MEMORY, observation } from './observation.ts';
import { OldWorkersRuntime } from './old-workers.ts';
import { openFileLimit } from './open-files.ts';
import { type Paths, pathsIn } from './paths.ts';
import {
  endProcesses,
  fateOf,
  forgetStart,
  type HostProcess,
  killProcesses,
  ownProcesses,
  send,
  stillRunning,
} from './processes.ts';
import { reload } from './reload.ts';
import { MAX_OLD_WORKERS, renderConfig } from './render.ts';
import { fullestListener, type Report } from './report.ts';
import { nullIfNotRunning, Runtime } from './runtime.ts';
import { type ServerKey, serverIds, serversOf } from './servers.ts';
import { takeTurn } from './start-lock.ts';
import { type Accounts, NO_ACCOUNTS, openRequests, openServers, total } from './totals.ts';
import { WorkerUser } from './worker-user.ts';

export interface HaproxyOptions {
  /** A folder of this load balancer's own; made private to the user when it is not. */
  readonly dataDir: string;
  /** Found on PATH or in the system's folders (/usr/sbin) unless given. */
  readonly binary?: string;
  readonly clock: Clock;
  /** Called with how many commands that change servers were sent to its runtime API. */
  readonly onCommands?: (commands: number) => void;
}

/** After a refusal the same configuration is not tried again for so long; each try may cost a process. */
const REFUSAL_MS = 30_000;
const ABOUT_PORTS = ['listenerUnavailable', 'listenerAwaited'];

/**
 * One HAProxy for one load balancer: a master with its worker, which goes on when we do not.
 * @throws PortError `Invalid` when it cannot have its sockets in the folder
 */
export function createHaproxy(options: HaproxyOptions): LoadBalancerDriver {
  return new Haproxy(pathsIn(options.dataDir), options);
}

class Haproxy implements LoadBalancerDriver {
  readonly #paths: Paths;
  readonly #givenBinary: string | undefined;
  readonly #clock: Clock;
  readonly #runtime: Runtime;
  readonly #events: RingEvents;
  readonly #oldWorkers: OldWorkersRuntime;
  readonly #departures: Departures;
  readonly #hang: HangWatch;
  readonly #worker = new WorkerUser();
  readonly #turn = new Serial();
  readonly #files: ConfigFiles;
  #loaded: Promise<void> | null = null;
  #binary: Binary | null = null;
  #memory: Memory = NO_MEMORY;
  #accounts: Accounts = NO_ACCOUNTS;
  /** How the HAProxy that we started has ended; null while it runs. */
  #exit: string | null = null;
  /** Processes of an earlier HAProxy that finish what they have open, and that no master of ours knows. */
  #strays: readonly HostProcess[] = [];
  /** Servers with requests open in old workers. */
  #openElsewhere: ReadonlySet<ServerKey> = new Set();
  #refusal: { readonly fingerprint: string; readonly error: PortError; readonly untilMs: number } | null = null;
  /** The fingerprint of what HAProxy has read without complaint, and waits for a port. */
  #accepted: string | null = null;

  constructor(paths: Paths, { binary, clock, onCommands }: HaproxyOptions) {
    this.#paths = paths;
    this.#givenBinary = binary;
    this.#clock = clock;
    this.#files = new ConfigFiles(paths, clock, () => this.#memory.healthy);
    this.#events = new RingEvents(paths.runtimeSocket, clock);
    this.#runtime = new Runtime(paths.runtimeSocket, clock, () => this.#events.transitions, onCommands);
    this.#hang = new HangWatch(clock);
    this.#oldWorkers = new OldWorkersRuntime(paths.masterSocket, clock);
    this.#departures = new Departures(clock, {
      execute: (commands, signal) => this.#runtime.execute(commands, signal),
      isOpenElsewhere: (key) => this.#openElsewhere.has(key),
      cutElsewhere: (keys, signal) => this.#oldWorkers.cut(keys, signal),
    });
  }

  async apply(desired: DesiredState, announce: Announce, signal: AbortSignal): Promise<void> {
    const wanted = checkDesired(desired);
    return this.#turn.run(() => this.#apply(wanted, announce, signal));
  }

  async observe(signal: AbortSignal): Promise<LoadBalancerObservation> {
    await this.#load();
    const report = await this.#observe(signal);
    this.#strays = await stillRunning(this.#strays);
    const old = await this.#oldWorkers.observe(this.#files.lastGood?.loadBalancer.hardStopAfterMs ?? Infinity, signal);
    const missing = this.#strays.length === 0 ? old.missing : straysInWords(this.#strays);
    const totals = total(report, old, this.#accounts);
    this.#accounts = totals.accounts;
    this.#openElsewhere = openServers(old.workers);
    const seen = observation(totals.report, totals.forgotten, missing !== null, this.#memory);
    this.#memory = seen.memory;
    // While an apply is under way it writes the file itself.
    if (this.#turn.idle) await this.#turn.run(() => this.#files.writeDue().catch(unlessDefect));
    return {
      at: this.#clock.now(),
      version: report.version,
      partial: missing,
      oldWorkers: {
        count: old.workers.length + old.silent.length,
        openRequests: openRequests(old.workers),
        cutRequests: old.cutRequests,
      },
      limits: { ...fullestListener(report), cutTotal: this.#events.cutTotal },
      listeners: this.#files.lastGood?.loadBalancer.listeners ?? [],
      targetGroups: seen.targetGroups,
    };
  }

  watch(onChange: () => void): () => void {
    return this.#events.watch(onChange);
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#turn.run(async () => {
      this.#events.close();
      this.#departures.set([]);
      await endProcesses(this.#paths.config, this.#clock, signal);
      await forgetStart(this.#paths.config);
      for (const socket of [this.#paths.runtimeSocket, this.#paths.masterSocket]) await rm(socket, { force: true });
    });
  }

  async close(): Promise<void> {
    this.#events.close();
    await this.#departures.close();
    // What cannot be written now, the next controller writes.
    await this.#turn.run(() => this.#files.write()).catch(unlessDefect);
  }

  async #apply(desired: DesiredState, announce: Announce, signal: AbortSignal): Promise<void> {
    await this.#load();
    this.#binary ??= await findBinary(this.#givenBinary, signal);
    const report = await this.#observeUnlessHung(desired, announce, signal);
    if (report !== null) this.#memory = { ...this.#memory, healthy: healthyServers(report, this.#memory.healthy) };
    await this.#endHungOldWorkers(announce);
    const good = this.#files.lastGood;
    const before = () => (report === null ? (this.#files.target?.desired.members ?? []) : membersIn(report));
    const next = untilTakenOver(desired, good, before);
    try {
      await this.#bringTo(next, report, this.#binary, announce, signal);
    } catch (error) {
      if (good === null || !isRefusal(error) || sameSkeleton(good, skeletonOf(next))) throw error;
      // Members come and go under the configuration that is in force.
      await this.#bringTo(withMembers(good, desired, before()), report, this.#binary, announce, signal);
      throw error;
    }
  }

  async #bringTo(
    desired: DesiredState,
    report: Report | null,
    binary: Binary,
    announce: Announce,
    signal: AbortSignal,
  ): Promise<void> {
    const target = await this.#target(desired, report, binary);
    if (report !== null && this.#oldWorkers.masterSilentMs >= SILENCE_MS) {
      const seen = `its master process has not answered for more than ${SILENCE_MS / 1_000} s, while its worker serves; a new HAProxy takes over, and open requests are finished`;
      await announce({ kind: 'hung', seen, serves: true });
      await this.#start(target, binary, announce, signal);
      return this.#files.keepAsGood(skeletonOf(desired));
    }
    if (report?.fingerprint === target.fingerprint) {
      await this.#changeMembers(target, report, binary, signal);
      return this.#files.keepAsGood(skeletonOf(desired));
    }
    this.#throwIfRefused(target.fingerprint);
    try {
      if (report === null) await this.#start(target, binary, announce, signal);
      else await this.#reload(target, report, binary, announce, signal);
      await this.#files.keepAsGood(skeletonOf(desired));
    } catch (error) {
      // Whether an address is free by now costs little to ask.
      if (error instanceof PortError && error.reaction === 'Invalid' && !ABOUT_PORTS.includes(error.code)) {
        this.#refusal = { fingerprint: target.fingerprint, error, untilMs: this.#clock.steadyMs() + REFUSAL_MS };
      }
      throw error;
    }
  }

  async #start(target: Target, binary: Binary, announce: Announce, signal: AbortSignal): Promise<void> {
    await using _ = await takeTurn(this.#clock, signal);
    await this.#checkListeners(target, binary, announce, signal);
    await this.#files.writeValidated(target, (path) => validate(binary, path, signal));
    this.#departures.set([]);
    const how = await this.#howItDied();
    if (how !== null) await announce({ kind: 'died', how });
    await announce({ kind: 'start', version: binary.version, members: target.desired.members.length });
    this.#strays = await ownProcesses(this.#paths.config);
    this.#exit = null;
    const onExit = (ended: string): void => {
      this.#exit = ended;
    };
    try {
      await launch(binary, this.#paths, target.fingerprint, this.#runtime, this.#clock, onExit, signal);
    } catch (error) {
      // What never ran has not died.
      await forgetStart(this.#paths.config);
      throw error;
    }
    this.#oldWorkers.forgetMaster();
    this.#events.reconnect();
  }

  async #checkListeners(target: Target, binary: Binary, announce: Announce, signal: AbortSignal): Promise<void> {
    try {
      await checkListeners(target.desired, this.#paths.config);
    } catch (error) {
      if (error instanceof PortError && error.code === 'listenerAwaited' && this.#accepted !== target.fingerprint) {
        await this.#files.check(target, (path) => validate(binary, path, signal));
        this.#accepted = target.fingerprint;
        await announce({ kind: 'accepted' });
      }
      throw error;
    }
  }

  /** Null when it did not, or was ended on purpose. */
  async #howItDied(): Promise<string | null> {
    switch (await fateOf(this.#paths.config)) {
      case 'gone':
        return this.#exit ?? 'an earlier controller had started it, so its exit code is not known';
      case 'hostRestarted':
        return 'the host was restarted';
      case 'alive':
      case null:
        return null;
    }
  }

  async #reload(
    target: Target,
    report: Report,
    binary: Binary,
    announce: Announce,
    signal: AbortSignal,
  ): Promise<void> {
    const why = describeChange(this.#files.lastGood, skeletonOf(target.desired));
    await using _ = await takeTurn(this.#clock, signal);
    await this.#checkListeners(target, binary, announce, signal);
    await this.#files.writeValidated(target, (path) => validate(binary, path, signal));
    await announce({ kind: 'reload', why, cuts: await this.#oldWorkers.openAtTheLimit(MAX_OLD_WORKERS, signal) });
    await reload(this.#paths, target.fingerprint, report, this.#runtime, this.#clock, signal);
    // The old worker goes on with what it has open: until the next observation, all that was open counts.
    const open = [...report.servers].filter(([, { traffic }]) => traffic.openRequests > 0).map(([key]) => key);
    this.#openElsewhere = new Set([...this.#openElsewhere, ...open]);
    this.#departures.set([...this.#openElsewhere].filter((key) => !target.ids.has(key)));
    this.#events.reconnect();
  }

  async #changeMembers(target: Target, report: Report, binary: Binary, signal: AbortSignal): Promise<void> {
    await this.#files.follow(target);
    const { commands, leaving } = difference(target.desired, target.ids, report, binary.capabilities);
    const forgotten = [...this.#openElsewhere].filter((key) => !target.ids.has(key) && !report.servers.has(key));
    this.#departures.set([...leaving, ...forgotten]);
    if (commands.length > 0) await this.#runtime.demand(commands, signal);
  }

  async #target(desired: DesiredState, report: Report | null, binary: Binary): Promise<Target> {
    const host = {
      openFiles: await openFileLimit(report?.pid ?? process.pid),
      account: await this.#worker.account(desired.loadBalancer.user),
    };
    const taken = new Map([...(report?.servers ?? [])].map(([key, { id }]) => [key, id]));
    const ids = serverIds(serversOf(desired.members), taken);
    const target = { desired, ids, ...renderConfig(desired, ids, this.#paths, binary.capabilities, host) };
    const current = this.#files.target;
    return current !== null && isSameTarget(current, target) ? current : target;
  }

  /** Null when it is not running, or was hung and has been ended. */
  async #observeUnlessHung(desired: DesiredState, announce: Announce, signal: AbortSignal): Promise<Report | null> {
    try {
      return await nullIfNotRunning(this.#observe(signal));
    } catch (error) {
      if (!isSilence(error)) throw error;
      const { listeners } = (this.#files.lastGood ?? desired).loadBalancer;
      const isAnswering = async (both: AbortSignal) => (await this.#runtime.identify(both)) !== null;
      const seen = await this.#hang.examine(listeners, isAnswering, signal);
      if (seen === null) throw error;
      await announce({ kind: 'hung', seen: `${seen}, and is ended`, serves: false });
      await killProcesses(this.#paths.config, this.#clock, signal);
      await forgetStart(this.#paths.config);
      return null;
    }
  }

  /** Nothing that they have open can go on, and the totals lack them for as long as they are there. */
  async #endHungOldWorkers(announce: Announce): Promise<void> {
    const pids = this.#oldWorkers.silentFor(OLD_WORKER_SILENCE_MS);
    if (pids.length === 0) return;
    for (const one of await ownProcesses(this.#paths.config)) {
      if (!pids.includes(one.pid)) continue;
      const seen = `its process ${one.pid} of an earlier configuration has not answered for more than ${OLD_WORKER_SILENCE_MS / 1_000} s, and is ended`;
      await announce({ kind: 'hung', seen, serves: true });
      await send(one, 'SIGKILL');
    }
  }

  async #observe(signal: AbortSignal): Promise<Report> {
    const askedMs = this.#clock.steadyMs();
    const report = await this.#runtime.observe(signal).catch((error: unknown) => {
      if (isSilence(error)) this.#hang.silent(askedMs);
      throw error;
    });
    this.#hang.answered();
    if (report.stopping)
      throw new PortError('Transient', 'haproxyStopping', 'HAProxy is about to hand over or to stop');
    return report;
  }

  #throwIfRefused(fingerprint: string): void {
    const refusal = this.#refusal;
    if (refusal?.fingerprint === fingerprint && this.#clock.steadyMs() < refusal.untilMs) throw refusal.error;
  }

  /** What an earlier controller has left, once. */
  #load(): Promise<void> {
    this.#loaded ??= this.#files
      .load()
      .then((healthy) => {
        this.#memory = { ...this.#memory, healthy };
      })
      .catch((error: unknown) => {
        this.#loaded = null;
        throw error;
      });
    return this.#loaded;
  }
}

function straysInWords(strays: readonly HostProcess[]): string {
  return `processes of an earlier HAProxy finish what they have open and cannot be asked (pid ${strays.map(({ pid }) => pid).join(', ')})`;
}

/** A full disk is no reason not to see; the next apply says that nothing can be written. */
function unlessDefect(error: unknown): void {
  if (isDefect(error)) throw error;
}

function isSilence(error: unknown): boolean {
  return error instanceof PortError && error.code === 'deadline';
}

/** Something that another configuration would not have met. */
function isRefusal(error: unknown): boolean {
  return error instanceof PortError && (error.reaction === 'Invalid' || error.code === 'haproxyStartFailed');
}
