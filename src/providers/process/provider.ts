import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Account } from '../../base/accounts.ts';
import { formatByteSize } from '../../base/byte-size.ts';
import { isAlive, type ProcessIdentity } from '../../base/procfs.ts';
import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import {
  type LaunchRequest,
  type LogsWanted,
  type MachineList,
  type Provider,
  type ProviderContext,
  wholeList,
} from '../../ports/provider.ts';
import { Endings } from '../endings.ts';
import { accountOf } from './account.ts';
import { ControlGroups, limitsOf } from './control-groups.ts';
import { endProcesses } from './ending.ts';
import { ExitWatch } from './exit-watch.ts';
import { LogKeeper } from './log-keeper.ts';
import { readLog } from './log-reader.ts';
import { keepEndedLog, LOG_FILE, lastLine } from './logs.ts';
import { MachineFolders } from './machine-folders.ts';
import { PortGuard } from './port-guard.ts';
import { PortAllocator } from './ports.ts';
import { hostBootId, isUsableId, type MachineRecord } from './record.ts';
import { adoptProcesses, findSpawned } from './recovery.ts';
import { type ProcessSettings, readSettings } from './settings.ts';
import { spawnServer } from './spawn.ts';
import { HOST, tagVariables } from './tags.ts';

/** Servers as processes of this host. How the parts play together is in docs/providers/process.md. */
export class ProcessProvider implements Provider {
  readonly #fleet: string;
  readonly #dataDir: string;
  readonly #clock: Clock;
  readonly #folders: MachineFolders;
  readonly #ports = new PortAllocator();
  readonly #queue = new KeyedSerial();
  readonly #exits: ExitWatch;
  readonly #closed = new AbortController();
  /** Those that this provider spawned: they tell how they ended. */
  readonly #children = new Map<string, ChildProcess>();
  readonly #endings = new Endings();
  readonly #logs: LogKeeper;
  readonly #guard: PortGuard;
  readonly #groups: ControlGroups;
  readonly #onProblem: (message: string) => void;
  #recovered: Promise<void> | null = null;

  constructor({ fleet, dataDir, clock, onProblem }: ProviderContext, groups = new ControlGroups(clock)) {
    this.#groups = groups;
    this.#onProblem = onProblem;
    this.#fleet = fleet;
    this.#dataDir = resolve(dataDir);
    this.#clock = clock;
    this.#folders = new MachineFolders(this.#dataDir);
    this.#exits = new ExitWatch(clock);
    this.#logs = new LogKeeper(clock, onProblem, this.#closed.signal);
    this.#guard = new PortGuard(clock, this.#closed.signal, () => this.#exits.notify());
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, async () => {
      const settings = readSettings(request.settings);
      if (!isUsableId(request.instanceId)) {
        throw new PortError('Invalid', 'instanceId', `${request.instanceId} cannot name a folder.`);
      }
      await this.#recover();
      return await this.#queue.run(request.instanceId, () => this.#launch(request, settings));
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () => {
      await this.#recover();
      const records = (await this.#folders.all()).filter(({ fleet }) => fleet === this.#fleet);
      this.#logs.keep(new Map(records.map((record) => [record.instanceId, this.#log(record)])));
      for (const record of records) this.#guardPort(record);
      await this.#guard.check();
      const machines: Machine[] = [];
      for (const record of records) machines.push(await this.#machine(record));
      return wholeList(machines);
    });
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      await this.#recover();
      if (this.#endings.isUnderWay(machineId)) return;
      await this.#record(machineId);
      const end = () => this.#queue.run(machineId, () => this.#end(machineId));
      this.#endings.start(machineId, end, () => this.#exits.notify());
    });
  }

  async *logs(machineId: string, wanted: LogsWanted, signal: AbortSignal): AsyncGenerator<string> {
    const record = await this.#record(machineId);
    const isOver = async () => this.#closed.signal.aborted || (await this.#folders.read(machineId)) === null;
    yield* readLog(this.#log(record).path, wanted, { clock: this.#clock, signal, isOver });
  }

  watch(onChange: () => void): () => void {
    return this.#exits.watch(onChange);
  }

  processOf(machineId: string): number | null {
    return this.#folders.known(machineId)?.process?.pid ?? null;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#exits.close();
    await this.#endings.settled();
  }

  async #launch(request: LaunchRequest, settings: ProcessSettings): Promise<Machine> {
    const found = await this.#folders.read(request.instanceId);
    if (found !== null && found.fleet !== this.#fleet) {
      throw new PortError('Invalid', 'otherFleet', `${request.instanceId} is a machine of the fleet ${found.fleet}.`);
    }
    const account = settings.user === null ? null : await accountOf(settings.user);
    const group = found === null ? await this.#groupFor(request.instanceId, settings) : found.controlGroup;
    if (group !== null && found?.process === null) await this.#groups.ready(group.limits);
    const intent = found ?? (await this.#createIntent(request, settings, account, group));
    if (intent.process !== null) {
      this.#limit(intent);
      return await this.#machine(intent);
    }
    // An intent that was there before may have been carried out, and only the recording of it lost.
    const spawned = found === null ? null : await findSpawned(found);
    const record = { ...intent, process: spawned ?? (await this.#spawn(intent, settings, account)) };
    await this.#folders.write(record);
    this.#limit(record);
    return await this.#machine(record);
  }

  /** @throws PortError `Invalid` where the server is to be limited, and cannot be */
  async #groupFor(instanceId: string, { memoryBytes, cpus }: ProcessSettings): Promise<MachineRecord['controlGroup']> {
    const limits = limitsOf(memoryBytes, cpus);
    if (limits === null) return null;
    return { path: join(await this.#groups.ready(limits), `${this.#fleet}.${instanceId}`), limits };
  }

  #limit({ controlGroup }: MachineRecord): void {
    if (controlGroup !== null) this.#groups.limit(controlGroup.path, controlGroup.limits);
  }

  async #createIntent(
    request: LaunchRequest,
    settings: ProcessSettings,
    account: Account | null,
    controlGroup: MachineRecord['controlGroup'],
  ): Promise<MachineRecord> {
    const { instanceId, group, serves } = request;
    const taken = new Set((await this.#folders.all()).map(({ port }) => port));
    const port = await this.#ports.reserve(instanceId, settings.portRange, taken);
    try {
      const { command, stopSignal, stopTimeoutMs, maxLogSizeBytes } = settings;
      const launchedAt = this.#clock.now();
      const what = {
        fleet: this.#fleet,
        group,
        instanceId,
        port,
        serves,
        launchedAt,
        command,
        userId: account?.userId ?? null,
      };
      const how = { stopSignal, stopTimeoutMs, maxLogSizeBytes };
      const record = { ...what, ...how, controlGroup, stoppingSince: null, process: null };
      await this.#folders.write(record);
      return record;
    } catch (error) {
      this.#ports.release(port);
      throw error;
    }
  }

  async #spawn(intent: MachineRecord, settings: ProcessSettings, account: Account | null): Promise<ProcessIdentity> {
    const { instanceId, controlGroup } = intent;
    const within = <T>(spawn: () => T) =>
      controlGroup === null ? spawn() : this.#groups.within(controlGroup.path, spawn);
    const tags = tagVariables({ ...intent, dataDir: this.#dataDir });
    try {
      const log = this.#folders.path(instanceId, LOG_FILE);
      const { child, identity } = await spawnServer(settings, tags, log, account, within);
      this.#children.set(instanceId, child);
      child.once('exit', () => this.#exits.notify());
      return identity;
    } catch (error) {
      // A PortError says that nothing was spawned, so nothing is left to be ended. After any other the intent stays.
      if (error instanceof PortError) await this.#forget(intent);
      throw error;
    }
  }

  /** @throws PortError `NotFound` */
  async #record(instanceId: string): Promise<MachineRecord> {
    const record = isUsableId(instanceId) ? await this.#folders.read(instanceId) : null;
    if (record?.fleet === this.#fleet) return record;
    throw new PortError('NotFound', 'noMachine', `There is no machine ${instanceId} in the fleet ${this.#fleet}.`);
  }

  async #end(instanceId: string): Promise<void> {
    const record = await this.#record(instanceId);
    const { fleet, userId, stopSignal, stoppingSince, process } = record;
    const leader = process?.bootId === hostBootId() ? process : null;
    const others = (await this.#folders.all()).flatMap((other) =>
      other.instanceId === instanceId || other.process === null ? [] : [other.process],
    );
    this.#exits.forget(instanceId);
    this.#guard.forget(instanceId);
    const isStopping = stoppingSince !== null;
    const stopTimeoutMs = remainingMs(record, this.#clock.now());
    const onStopping = () => this.#folders.write({ ...record, stoppingSince: this.#clock.now() });
    const target = { fleet, instanceId, leader, userId, stopSignal, isStopping, stopTimeoutMs, others };
    await endProcesses(target, this.#clock, this.#closed.signal, onStopping);
    const { path, maxBytes } = this.#log(record);
    await keepEndedLog(path, { dataDir: this.#dataDir, instanceId, maxBytes, nowMs: this.#clock.now() });
    await this.#forget(record);
  }

  async #forget({ instanceId, port, controlGroup }: MachineRecord): Promise<void> {
    if (controlGroup !== null) await this.#groups.remove(controlGroup.path);
    await this.#folders.remove(instanceId);
    this.#ports.release(port);
    this.#children.delete(instanceId);
  }

  /** Why it ended, where that was its limit of memory; empty where it was not. */
  #outOfMemory({ controlGroup }: MachineRecord): string {
    if (controlGroup === null || this.#groups.oomKills(controlGroup.path) === 0) return '';
    return `, out of memory: its limit is ${formatByteSize(Number(controlGroup.limits['memory.max']))}`;
  }

  #guardPort({ instanceId, port, serves, userId, process }: MachineRecord): void {
    if (!serves || process === null || this.#endings.has(instanceId) || !isAlive(process)) return;
    this.#guard.guard(instanceId, { port, process, userId });
  }

  /** Once in a provider's life, before anything else: finds what an earlier controller left half done. */
  #recover(): Promise<void> {
    this.#recovered ??= (async () => {
      try {
        await this.#folders.sweep();
        await adoptProcesses(this.#folders, this.#fleet, this.#dataDir);
        await this.#recoverGroups();
      } catch (error) {
        this.#recovered = null;
        throw error;
      }
    })();
    return this.#recovered;
  }

  /** Limits what the service manager has freed when it started Drover anew. Servers go on where that cannot be done. */
  async #recoverGroups(): Promise<void> {
    const limited = (await this.#folders.all()).flatMap(({ fleet, controlGroup }) =>
      fleet === this.#fleet && controlGroup !== null ? [controlGroup] : [],
    );
    try {
      for (const { path, limits } of limited) {
        const base = await this.#groups.ready(limits);
        if (existsSync(path)) this.#groups.limit(path, limits);
        this.#groups.sweep(
          base,
          `${this.#fleet}.`,
          limited.map((one) => one.path),
        );
      }
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      this.#onProblem(`servers run without their limits: ${error.message}`);
    }
  }

  #log({ instanceId, maxLogSizeBytes }: MachineRecord): { readonly path: string; readonly maxBytes: number } {
    return { path: this.#folders.path(instanceId, LOG_FILE), maxBytes: maxLogSizeBytes };
  }

  async #machine(record: MachineRecord): Promise<Machine> {
    const { instanceId, group, launchedAt, port, serves, process } = record;
    const about = { id: instanceId, instanceId, group, launchedAt, zone: null };
    if (process === null) return { ...about, state: 'pending', addresses: [], ports: [], detail: '' };
    const mapping = { port, hostPort: port };
    const machine = { ...about, addresses: [HOST], ports: [mapping] };
    if (isAlive(process)) {
      if (!this.#children.has(instanceId) && !this.#endings.has(instanceId)) this.#exits.adopt(instanceId, process);
      this.#guardPort(record);
      const other = this.#guard.otherHolderOf(instanceId);
      const pid = `pid ${process.pid}`;
      if (other !== null) {
        const detail = `${pid}; its port ${port} was taken by ${other}, which is none of its processes`;
        return { ...machine, ports: [], state: 'stopped', detail };
      }
      if (!serves || this.#guard.isProven(instanceId)) return { ...machine, state: 'running', detail: pid };
      return { ...machine, ports: [], state: 'running', detail: `${pid}, which does not listen on port ${port} yet` };
    }
    this.#guard.forget(instanceId);
    const child = this.#children.get(instanceId);
    const how = `pid ${process.pid} ${howItEnded(child)}${this.#outOfMemory(record)}`;
    // One that was killed had no time to say why.
    const line = child?.signalCode ? '' : await lastLine(this.#folders.path(instanceId, LOG_FILE));
    return { ...machine, state: 'stopped', detail: line === '' ? how : `${how}; last log line: ${line}` };
  }
}

/** What is left of a stop timeout that may have begun under an earlier controller. */
function remainingMs({ stopTimeoutMs, stoppingSince }: MachineRecord, nowMs: number): number {
  if (stoppingSince === null) return stopTimeoutMs;
  return Math.min(stopTimeoutMs, Math.max(0, stoppingSince + stopTimeoutMs - nowMs));
}

function howItEnded(child: ChildProcess | undefined): string {
  if (typeof child?.exitCode === 'number') return `exited with code ${child.exitCode}`;
  return typeof child?.signalCode === 'string' ? `was ended by ${child.signalCode}` : 'is gone';
}
