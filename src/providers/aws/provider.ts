import type { DescribeInstancesCommandInput, Instance } from '@aws-sdk/client-ec2';
import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import {
  type LaunchRequest,
  type MachineList,
  type Provider,
  type ProviderContext,
  wholeList,
} from '../../ports/provider.ts';
import { renderUserData } from '../user-data.ts';
import { Watchers } from '../watchers.ts';
import { Ec2 } from './ec2.ts';
import { machineOf, STATES_THAT_COUNT } from './machines.ts';
import { readProviderSettings } from './provider-settings.ts';
import { runInstancesInput } from './run-instances.ts';
import { readSettings } from './settings.ts';
import { Subnets } from './subnets.ts';
import { FLEET_TAG, INSTANCE_TAG, tagsOf } from './tags.ts';

/** How long EC2 may not know an instance yet that it has launched. Mostly it is seconds; AWS names no bound. */
export const LIST_LAG_MS = 60_000;
/** EC2's limit on raw user data. */
const MAX_USER_DATA_BYTES = 16_384;
const PAGE_SIZE = 1_000;
const MAX_PAGES = 100;
/** Between two observations while a machine boots: EC2 tells of nothing by itself. */
const BOOT_INTERVAL_MS = 3_000;

/** Servers as EC2 instances. How it works is in docs/providers/aws.md. */
export class AwsProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #ec2: Ec2;
  readonly #subnets: Subnets;
  /** Of one instance one launch at a time. */
  readonly #queue = new KeyedSerial();
  /** What this provider has launched, and when by the steady clock, as long as EC2 may not know it yet. */
  readonly #launched = new Map<string, number>();
  readonly #watchers = new Watchers();
  readonly #closed = new AbortController();

  constructor({ fleet, settings, clock }: ProviderContext) {
    const own = readProviderSettings(settings);
    this.#fleet = fleet;
    this.#clock = clock;
    this.#ec2 = new Ec2(own, clock);
    this.#subnets = new Subnets(this.#ec2, own.subnets);
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, () => this.#queue.run(request.instanceId, () => this.#launch(request, signal)));
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () => {
      const filters = [
        { Name: `tag:${FLEET_TAG}`, Values: [this.#fleet] },
        { Name: 'instance-state-name', Values: [...STATES_THAT_COUNT] },
      ];
      const instances = await this.#describe({ Filters: filters, MaxResults: PAGE_SIZE }, signal);
      const machines = instances.flatMap((instance) => machineOf(instance, this.#fleet) ?? []);
      this.#awaitBoot(machines);
      return wholeList(machines);
    });
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      // A filter, because an unknown id would be an error of the whole call.
      const [instance] = await this.#describe({ Filters: [{ Name: 'instance-id', Values: [machineId] }] }, signal);
      const isOwn = this.#isNew(machineId) || tagsOf(instance?.Tags ?? [], this.#fleet) !== null;
      const state = instance?.State?.Name;
      if (!isOwn || state === 'terminated') throw this.#noMachine(machineId);
      if (state !== 'shutting-down') await this.#terminate(machineId, signal);
    });
  }

  watch(onChange: () => void): () => void {
    return this.#watchers.add(onChange);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watchers.clear();
    await this.#ec2.close();
  }

  /** What EC2 lists for the id is the machine; the client token keeps what it does not list yet from being made twice. */
  async #launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const settings = readSettings(request.settings);
    const found = await this.#find(request.instanceId, signal);
    if (found !== null) return found;
    const { fleet, userData: template } = { fleet: this.#fleet, userData: settings.userData };
    const maxBytes = MAX_USER_DATA_BYTES;
    const userData = template === null ? null : await renderUserData(template, { fleet, request, maxBytes });
    const subnetId = await this.#subnets.idOf(request.placement.zone, signal);
    const input = runInstancesInput(request, settings, { fleet, subnetId, userData });
    const launched = await this.#run(input, request, signal);
    if ('machine' in launched) return launched.machine;
    const machine = machineOf(launched.instance, fleet);
    if (machine === null) throw terminatedMeanwhile(request.instanceId);
    this.#launched.set(machine.id, this.#clock.steadyMs());
    this.#awaitBoot([machine]);
    return machine;
  }

  async #run(
    input: ReturnType<typeof runInstancesInput>,
    { instanceId }: LaunchRequest,
    signal: AbortSignal,
  ): Promise<{ readonly instance: Instance } | { readonly machine: Machine }> {
    try {
      const { Instances: [instance] = [] } = await this.#ec2.ask(`launching ${instanceId}`, (client, sdk) =>
        client.send(new sdk.RunInstancesCommand(input), { abortSignal: signal }),
      );
      if (instance !== undefined) return { instance };
    } catch (error) {
      if (asPortError(error).code !== 'launchedOtherwise') throw error;
      const machine = await this.#find(instanceId, signal);
      if (machine === null) throw error;
      return { machine };
    }
    throw new PortError('Transient', 'noAnswer', `EC2 has taken the launch of ${instanceId} and names no instance.`);
  }

  /** The machine of an instance id; null where EC2 lists none. @throws PortError `NotFound` where it is terminated again */
  async #find(instanceId: string, signal: AbortSignal): Promise<Machine | null> {
    const filters = [
      { Name: `tag:${FLEET_TAG}`, Values: [this.#fleet] },
      { Name: `tag:${INSTANCE_TAG}`, Values: [instanceId] },
    ];
    const instances = await this.#describe({ Filters: filters }, signal);
    const [machine] = instances.flatMap((instance) => machineOf(instance, this.#fleet) ?? []);
    if (machine === undefined && instances.length > 0) throw terminatedMeanwhile(instanceId);
    return machine ?? null;
  }

  /** All pages, or an error. */
  #describe(input: DescribeInstancesCommandInput, signal: AbortSignal): Promise<readonly Instance[]> {
    return this.#ec2.ask('listing instances', async (client, sdk) => {
      const instances: Instance[] = [];
      let token: string | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const command = new sdk.DescribeInstancesCommand(token === undefined ? input : { ...input, NextToken: token });
        const { Reservations = [], NextToken } = await client.send(command, { abortSignal: signal });
        instances.push(...Reservations.flatMap((reservation) => reservation.Instances ?? []));
        if (NextToken === undefined || NextToken === '') return instances;
        token = NextToken;
      }
      throw new PortError('Transient', 'tooManyPages', `EC2's list of instances has more than ${MAX_PAGES} pages.`);
    });
  }

  async #terminate(machineId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#ec2.ask(`terminating ${machineId}`, (client, sdk) =>
        client.send(new sdk.TerminateInstancesCommand({ InstanceIds: [machineId] }), { abortSignal: signal }),
      );
    } catch (error) {
      const { reaction } = asPortError(error);
      if (reaction !== 'NotFound' || !this.#isNew(machineId)) throw error;
      const why = `EC2 does not know ${machineId} yet, which it has just launched; it is terminated once it does.`;
      throw new PortError('Transient', 'notListedYet', why, { cause: error });
    }
  }

  /** Whether it was launched by this provider so shortly ago that EC2 may not know it yet. */
  #isNew(machineId: string): boolean {
    const now = this.#clock.steadyMs();
    for (const [id, at] of this.#launched) {
      if (now - at >= LIST_LAG_MS) this.#launched.delete(id);
    }
    return this.#launched.has(machineId);
  }

  #noMachine(machineId: string): PortError {
    return new PortError('NotFound', 'noMachine', `There is no machine ${machineId} in the fleet ${this.#fleet}.`);
  }

  #awaitBoot(machines: readonly Machine[]): void {
    const isAwaited = machines.some(({ state }) => state === 'pending');
    if (isAwaited) this.#watchers.notifyIn(BOOT_INTERVAL_MS, this.#clock, this.#closed.signal);
  }
}

function terminatedMeanwhile(instanceId: string): PortError {
  const message = `EC2 has launched ${instanceId} already, and it is terminated again.`;
  return new PortError('NotFound', 'terminatedMeanwhile', message);
}
