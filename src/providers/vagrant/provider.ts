import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KeyedSerial, Serial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted, withDeadline } from '../../ports/deadline.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import {
  type LaunchRequest,
  type MachineList,
  type Provider,
  type ProviderContext,
  wholeList,
} from '../../ports/provider.ts';
import { Endings } from '../endings.ts';
import { Watchers } from '../watchers.ts';
import { Addresses, addressesInUse } from './addresses.ts';
import { Boxes } from './boxes.ts';
import { Docker } from './docker.ts';
import { ADDRESS_TAKEN } from './errors.ts';
import type { HostedMachine, Hypervisor } from './hypervisor.ts';
import { Libvirt } from './libvirt.ts';
import { MachineFolders } from './machine-folders.ts';
import { isUsableId, type MachineRecord, machineName } from './record.ts';
import { removeScripts, writeServerFiles } from './server-files.ts';
import { type MachineSettings, readProviderSettings, readSettings, type VagrantSettings } from './settings.ts';
import { Vagrant } from './vagrant.ts';
import { VirtualBox } from './virtualbox.ts';

/** A box may be large and its preparation long; the caller has a shorter patience, and comes again. */
const UP_TIMEOUT_MS = 3_600_000;
export const DESTROY_TIMEOUT_MS = 300_000;
const MAX_ADDRESS_TRIES = 5;

/** Servers as machines of Vagrant's. How the parts play together is in docs/providers/vagrant.md. */
export class VagrantProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #settings: VagrantSettings;
  readonly #folders: MachineFolders;
  readonly #vagrant: Vagrant;
  readonly #hypervisor: Hypervisor;
  readonly #boxes: Boxes;
  readonly #addresses = new Addresses();
  /** One address and one intent at a time. */
  readonly #intents = new Serial();
  readonly #queue = new KeyedSerial();
  readonly #watchers = new Watchers();
  readonly #closed = new AbortController();
  /** Machines that are being brought up, and how to call that off. */
  readonly #ups = new Map<string, AbortController>();
  readonly #endings = new Endings();
  #swept: Promise<void> | null = null;

  constructor({ fleet, settings, dataDir, clock }: ProviderContext) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#settings = readProviderSettings(settings);
    this.#folders = new MachineFolders(resolve(dataDir));
    this.#vagrant = new Vagrant({ settings: this.#settings, folder: resolve(dataDir), clock });
    this.#hypervisor = hypervisorOf(this.#settings, fleet, resolve(dataDir), this.#vagrant);
    this.#boxes = new Boxes(this.#vagrant, this.#settings.vagrantProvider);
  }

  /** What it begins goes on when the caller lets go, so that nothing is left half made without need: whoever comes again waits for it. */
  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, async () => {
      const settings = readSettings(request.settings);
      if (!isUsableId(request.instanceId)) {
        throw new PortError('Invalid', 'instanceId', `${request.instanceId} cannot name a folder.`);
      }
      await this.#sweep();
      return await this.#queue.run(request.instanceId, () => this.#launch(request, settings));
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () => {
      await this.#sweep();
      const records = (await this.#folders.all()).filter(({ fleet }) => fleet === this.#fleet);
      if (records.length === 0) return wholeList([]);
      const hosted = await this.#hypervisor.observe(records, signal);
      return wholeList(records.map((record) => this.#machine(record, hosted.get(record.name) ?? null)));
    });
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      if (this.#endings.isUnderWay(machineId)) return;
      await this.#record(machineId);
      if (!this.#endings.has(machineId)) this.#ups.get(machineId)?.abort();
      const end = () => this.#queue.run(machineId, () => this.#end(machineId));
      this.#endings.start(machineId, end, () => this.#watchers.notify());
    });
  }

  watch(onChange: () => void): () => void {
    return this.#watchers.add(onChange);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watchers.clear();
    await this.#endings.settled();
  }

  async #launch(request: LaunchRequest, settings: MachineSettings): Promise<Machine> {
    const { instanceId } = request;
    const { signal } = this.#closed;
    if (signal.aborted) throw new PortError('Transient', 'closed', 'the provider has been closed');
    const found = await this.#folders.read(instanceId);
    if (found !== null && found.fleet !== this.#fleet) {
      throw new PortError('Invalid', 'otherFleet', `${instanceId} is a machine of the fleet ${found.fleet}.`);
    }
    if (found?.state === 'launched') return this.#machine(found, await this.#hosted(found, signal));
    // One that a controller which has ended was about to bring up: what runs is finished; anything else of it goes first.
    const isUp = found?.state === 'launching' && (await this.#hosted(found, signal))?.isRunning === true;
    if (found !== null && isUp) await this.#adopt(found, signal);
    if (found !== null && !isUp) await this.#clear(found, signal);
    const up = new AbortController();
    this.#ups.set(instanceId, up);
    try {
      const intent = isUp ? found : await this.#createIntent(request);
      return await this.#bringUp(intent, request, settings, AbortSignal.any([signal, up.signal]));
    } finally {
      this.#ups.delete(instanceId);
      this.#watchers.notify();
    }
  }

  /** Until an address is found that nobody has. */
  async #bringUp(
    intent: MachineRecord,
    request: LaunchRequest,
    machine: MachineSettings,
    signal: AbortSignal,
  ): Promise<Machine> {
    let record = intent;
    for (let tries = 1; ; tries += 1) {
      try {
        const settings = { machine, provider: this.#settings };
        const files = await writeServerFiles(this.#folders, record, request, settings);
        await this.#boxes.use(machine.box, signal, () => this.#up(record, signal));
        await removeScripts(this.#folders, record.instanceId, files);
        return await this.#launched(record, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        const failure = asPortError(error);
        // Another vagrant works on it: whatever comes of that is taken up by the next try.
        if (failure.code === 'locked') throw failure;
        await this.#clearAfter(record, failure);
        if (failure.code !== ADDRESS_TAKEN || tries === MAX_ADDRESS_TRIES) throw failure;
        record = await this.#createIntent(request);
      }
    }
  }

  async #launched(record: MachineRecord, signal: AbortSignal): Promise<Machine> {
    const hosted = await this.#hosted(record, signal);
    if (hosted === null) {
      throw new PortError('Transient', 'vanished', `Vagrant has brought ${record.name} up, but it is not there`);
    }
    const launched: MachineRecord = { ...record, state: 'launched' };
    await this.#folders.write(launched);
    return this.#machine(launched, hosted);
  }

  /** A folder with an address that nobody has; durable before anything is made. */
  #createIntent({ instanceId, group }: LaunchRequest): Promise<MachineRecord> {
    return this.#intents.run(async () => {
      const { vagrantProvider, privateNetwork } = this.#settings;
      const record: MachineRecord = {
        fleet: this.#fleet,
        group,
        instanceId,
        name: machineName(this.#fleet, instanceId),
        vagrantProvider,
        network: privateNetwork?.network ?? null,
        address: await this.#nextAddress(),
        launchedAt: this.#clock.now(),
        state: 'launching',
        detail: '',
      };
      const { name } = record;
      if ((await this.#hosted(record, this.#closed.signal)) !== null) {
        const message = `there is a machine named ${name} already, which Drover knows nothing of; delete or rename it`;
        throw new PortError('Invalid', 'nameTaken', message);
      }
      await this.#folders.write(record);
      return record;
    });
  }

  async #nextAddress(): Promise<string | null> {
    const { privateNetwork } = this.#settings;
    if (privateNetwork === null) return null;
    const given = (await this.#folders.all()).flatMap(({ address }) => (address === null ? [] : [address]));
    const taken = new Set([...given, ...(await addressesInUse())]);
    const address = this.#addresses.next(privateNetwork, taken, this.#clock.steadyMs());
    if (address !== null) return address;
    const { from, to } = privateNetwork;
    const message = `all addresses from ${from} to ${to} are in use, or were until just now; widen privateNetwork`;
    throw new PortError('NoCapacity', 'noAddress', message);
  }

  #up({ instanceId, name }: MachineRecord, signal: AbortSignal): Promise<void> {
    return withDeadline(
      this.#clock,
      UP_TIMEOUT_MS,
      signal,
      (bounded) => this.#vagrant.up(this.#folders.path(instanceId), name, bounded),
      `vagrant up of ${name}`,
    );
  }

  /** After a failed launch nothing is left, or it says what may be. */
  async #clearAfter(record: MachineRecord, failure: PortError): Promise<void> {
    const { signal } = this.#closed;
    try {
      await this.#clear(record, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const why = asPortError(error).message;
      const detail = `${failure.message}; then it could not be removed: ${why}`;
      await this.#folders.write({ ...record, state: 'broken', detail });
      throw new PortError('Transient', 'halfMade', detail, { cause: error });
    }
  }

  /** Removes a machine and all that belongs to it, as far as that was made. */
  async #clear(record: MachineRecord, signal: AbortSignal): Promise<void> {
    const { instanceId, name, address } = record;
    const hosted = await this.#hosted(record, signal);
    if (hosted !== null) await this.#adopt(record, signal);
    if (hosted !== null || (await this.#folders.hasVagrantState(instanceId))) {
      await withDeadline(
        this.#clock,
        DESTROY_TIMEOUT_MS,
        signal,
        (bounded) => this.#vagrant.destroy(this.#folders.path(instanceId), name, bounded),
        `vagrant destroy of ${name}`,
      );
    }
    if ((await this.#hosted(record, signal)) !== null) {
      const message = `vagrant destroy of ${name} has left it; delete it by hand, then its folder`;
      throw new PortError('Transient', 'notDestroyed', message);
    }
    await this.#hypervisor.sweep(name, this.#folders.path(instanceId), signal);
    if (address !== null) this.#addresses.rest(address, this.#clock.steadyMs());
    await this.#folders.remove(instanceId);
  }

  /** An `up` that was killed may have made a machine whose id it had not noted yet. Vagrant then knows nothing of it. */
  async #adopt({ instanceId, name, vagrantProvider }: MachineRecord, signal: AbortSignal): Promise<void> {
    const id = await this.#hypervisor.idOf(name, signal);
    const folder = this.#folders.path(instanceId, '.vagrant', 'machines', name, vagrantProvider);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#folders.writeFile(instanceId, `.vagrant/machines/${name}/${vagrantProvider}/id`, id);
  }

  async #hosted(record: MachineRecord, signal: AbortSignal): Promise<HostedMachine | null> {
    return (await this.#hypervisor.observe([record], signal)).get(record.name) ?? null;
  }

  /** @throws PortError `NotFound` */
  async #record(instanceId: string): Promise<MachineRecord> {
    const record = isUsableId(instanceId) ? await this.#folders.read(instanceId) : null;
    if (record?.fleet === this.#fleet) return record;
    throw new PortError('NotFound', 'noMachine', `There is no machine ${instanceId} in the fleet ${this.#fleet}.`);
  }

  /** What is gone meanwhile has come to its end. */
  async #end(machineId: string): Promise<void> {
    try {
      await this.#clear(await this.#record(machineId), this.#closed.signal);
    } catch (error) {
      if (!(error instanceof PortError && error.reaction === 'NotFound')) throw error;
    }
  }

  /** Once in a provider's life, before anything else. */
  #sweep(): Promise<void> {
    this.#swept ??= this.#folders.sweep().catch((error: unknown) => {
      this.#swept = null;
      throw error;
    });
    return this.#swept;
  }

  #machine(
    { instanceId, group, launchedAt, address, state, detail }: MachineRecord,
    hosted: HostedMachine | null,
  ): Machine {
    const about = { id: instanceId, instanceId, group, launchedAt, zone: null, addresses: [], ports: null };
    if (state === 'broken') return { ...about, state: 'stopped', detail };
    if (state === 'launching') return { ...about, state: 'pending', detail: 'vagrant up' };
    if (hosted === null && this.#endings.has(instanceId))
      return { ...about, state: 'stopped', detail: 'vagrant destroy' };
    if (hosted === null) return { ...about, state: 'stopped', detail: 'it was removed by somebody else' };
    if (!hosted.isRunning) return { ...about, state: 'stopped', detail: hosted.detail };
    return { ...about, state: 'running', addresses: address === null ? hosted.addresses : [address], detail: '' };
  }
}

function hypervisorOf(
  { vagrantProvider, uri }: VagrantSettings,
  fleet: string,
  folder: string,
  vagrant: Vagrant,
): Hypervisor {
  const run = vagrant.tool.bind(vagrant);
  switch (vagrantProvider) {
    case 'docker':
      return new Docker(fleet, run);
    case 'libvirt':
      return new Libvirt(uri, folder, run);
    case 'virtualbox':
      return new VirtualBox(run);
  }
}
