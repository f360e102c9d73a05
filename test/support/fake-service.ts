import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { FleetService, GroupHistory, InstanceQuery } from '../../src/control/service.ts';
import { ServiceError } from '../../src/control/service.ts';
import { type Command, decideCommand } from '../../src/decide/commands.ts';
import type { Activity, ActivityLevel, ActivityReason, StoredActivity } from '../../src/model/activity.ts';
import { type GroupMemory, LAUNCHING_WORKS } from '../../src/model/group-memory.ts';
import type { InstanceStateName } from '../../src/model/instance.ts';
import type { SuspendableProcess } from '../../src/model/scaling-policy.ts';
import type {
  Explanation,
  FleetStatus,
  GroupStatus,
  Plan,
  PolicyExplanation,
  ProviderStatus,
} from '../../src/views/status.ts';
import { matches } from './fake-activities.ts';
import { FakeConfiguration } from './fake-configuration.ts';
import { fakeFeed } from './fake-feed.ts';
import { asStatus, type FakeInstance, pageOf, stateOf } from './fake-instance.ts';
import { fakeLoadBalancer, withoutParts } from './fake-load-balancer.ts';
import { fakeLogs } from './fake-logs.ts';
import { FakeNotifications } from './fake-notifications.ts';
import { recordsOf } from './snapshot.ts';

/** How long the imitated machines stay in each state on their way. */
const LAUNCHING_MS = 700;
const BOOTING_MS = 2_300;
const DRAINING_MS = 4_000;
const TERMINATING_MS = 1_500;
const DETECTION_MS = 400;

/** Something that happens by itself while the fake is watched. */
export interface Scene {
  readonly afterMs: number;
  readonly play: (service: FakeFleetService) => void;
}

export interface FakeOptions {
  readonly now: () => number;
  readonly desired?: number;
  readonly maxSize?: number;
  readonly story?: readonly Scene[];
  /** Given to the status as it is. */
  readonly dataDir?: string;
}

/** A fleet of one group, `hello`, imitated in memory: what is asked for takes its time by the clock that it is given. */
export class FakeFleetService implements FleetService {
  readonly calls: string[] = [];
  readonly configuration = new FakeConfiguration((call) => this.#called(call));
  readonly notifications = new FakeNotifications((call) => this.#called(call));
  feed: FleetService['feed'] = (onNews) => fakeFeed(this, this.#recorded, onNews);
  readonly logs: FleetService['logs'] = (...asked) => fakeLogs(this, ...asked);
  suspended: string | null = null;
  /** What a drain is answered to wait for; null where it begins at once. */
  drainWaitsFor: string | null = null;
  suspendedProcesses: readonly SuspendableProcess[] = [];
  policies: readonly PolicyExplanation[] = [];
  scheduledActions: Explanation['scheduledActions'] = [];
  /** Called once everything is gone after `down`. */
  onGone: () => void = () => {};
  /** Thrown by the next call of any method that answers with a promise. */
  nextError: Error | null = null;
  readonly #options: FakeOptions;
  readonly #startedAt: number;
  readonly #activities: StoredActivity[] = [];
  #instances: FakeInstance[] = [];
  readonly #recorded = new EventEmitter();
  #made = 0;
  #desired: number;
  #mode: 'up' | 'down' = 'up';
  #played = 0;
  #lastStep: number;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.#startedAt = options.now();
    this.#lastStep = this.#startedAt;
    this.#desired = options.desired ?? 3;
    this.report('info', 'controllerStarted', null, 'Drover 0.1.0 (pid 4242) started; fleet hello is new.');
  }

  get #maxSize(): number {
    return this.#options.maxSize ?? 10;
  }

  status(): FleetStatus {
    this.#step();
    const now = this.#options.now();
    const healthy = this.#instances.filter((i) => i.state === 'inService' && i.killedAt === null).length;
    return {
      at: now,
      fleet: 'hello',
      fleetVersion: 1,
      version: '0.1.0',
      pid: 4242,
      startedAt: this.#startedAt,
      fleetFile: '/srv/hello/fleet.yaml',
      dataDir: this.#options.dataDir ?? '/srv/hello/.drover',
      mode: this.#mode,
      pending: [],
      defects: 0,
      loadBalancers: [fakeLoadBalancer(healthy, this.#instances.length)],
      groups: [this.#group(now)],
    };
  }

  fleet = () => withoutParts(this.status());

  groups() {
    return this.status().groups.map(({ instances: _, ...group }) => group);
  }

  instances(query: InstanceQuery) {
    this.#step();
    if (query.group !== undefined) this.#mustBe(query.group);
    return pageOf(this.#instances.map(asStatus), query);
  }

  instance(id: string) {
    const found = this.#instances.find((one) => one.id === id);
    return found === undefined ? null : asStatus(found);
  }

  loadBalancers() {
    return this.status().loadBalancers;
  }

  targetGroups() {
    return this.status().loadBalancers.flatMap(({ targetGroups }) => targetGroups);
  }

  providers(): readonly ProviderStatus[] {
    return [{ name: 'process', type: 'process', state: 'seen', detail: '', throttled: null, zones: [] }];
  }

  async history(group: string): Promise<GroupHistory> {
    this.#mustBe(group);
    return { capacity: [], metrics: {}, traffic: { hello: [] } };
  }

  async activities(query: Parameters<FleetService['activities']>[0]): Promise<readonly StoredActivity[]> {
    this.#called(`activities ${JSON.stringify(query)}`);
    this.#step();
    const { group, afterSequence, limit } = query;
    const found = this.#activities.filter((activity) => matches(activity, query));
    if (group !== undefined && found.length === 0) this.#mustBe(group);
    return afterSequence === undefined ? found.slice(-limit) : found.slice(0, limit);
  }

  async plan(): Promise<Plan> {
    this.#called('plan');
    const { holds, inService, desired } = this.#group(this.#options.now());
    const launch = this.#activity('info', 'launch', null, 'Launching 1 server: 2 of 3 are there.');
    return {
      at: this.#options.now(),
      fleetChanges: this.configuration.changes,
      loadBalancers: [],
      groups: [{ group: 'hello', activities: inService === desired ? [] : [launch], holds, notes: [] }],
    };
  }

  async explain(group: string): Promise<Explanation> {
    this.#called(`explain ${group}`);
    this.#mustBe(group);
    const { name, desired, minSize, maxSize, inService, pending, terminating, holds } = this.#group(
      this.#options.now(),
    );
    const size = { desired, minSize, maxSize, inService, pending, terminating };
    return {
      at: this.#options.now(),
      group: { name, ...size, fleetMinSize: minSize, fleetMaxSize: 10 },
      policies: this.policies,
      scheduledActions: this.scheduledActions,
      suspendedProcesses: this.suspendedProcesses,
      next: [],
      holds,
      activities: this.#activities.slice(-5),
    };
  }

  async suspendProcesses(group: string, processes: readonly SuspendableProcess[]) {
    this.#called(`suspendProcesses ${group} ${processes}`);
    this.#mustBe(group);
    return this.#obey({ kind: 'suspendProcesses', processes }).suspendedProcesses;
  }

  async resumeProcesses(group: string, processes: readonly SuspendableProcess[]) {
    this.#called(`resumeProcesses ${group} ${processes}`);
    this.#mustBe(group);
    return this.#obey({ kind: 'resumeProcesses', processes }).suspendedProcesses;
  }

  async setDesiredCapacity(group: string, desired: number): Promise<{ before: number; after: number }> {
    this.#called(`setDesiredCapacity ${group} ${desired}`);
    this.#mustBe(group);
    const before = this.#desired;
    this.#obey({ kind: 'setDesiredCapacity', desired });
    return { before, after: desired };
  }

  async drainInstance(id: string, force: boolean): Promise<{ readonly waitsFor: string | null }> {
    this.#called(`drainInstance ${id}`);
    if (this.drainWaitsFor !== null) return { waitsFor: this.drainWaitsFor };
    const instance = this.#mustHave(id);
    this.#obey({ kind: 'drain', instanceId: id, force });
    this.#to(instance, 'draining', 'drained as asked');
    this.report('info', 'operatorDrain', id, `Draining ${id}: a person asked for it.`);
    return { waitsFor: null };
  }

  async terminateInstance(id: string, force: boolean): Promise<void> {
    this.#called(`terminateInstance ${id}`);
    const instance = this.#mustHave(id);
    this.#obey({ kind: 'terminate', instanceId: id, force });
    this.#to(instance, 'terminating', 'ended as asked');
    this.report('warning', 'operatorTerminate', id, `Ending ${id} at once: a person asked for it.`);
  }

  async resumeLaunch(group: string): Promise<void> {
    this.#called(`resumeLaunch ${group}`);
    this.#mustBe(group);
    this.#obey({ kind: 'resumeLaunch' });
    this.suspended = null;
  }

  async down(): Promise<void> {
    this.#called('down');
    this.#mode = 'down';
    this.report('warning', 'fleetDown', null, `Ending all ${this.#instances.length} servers of fleet hello.`);
  }

  /** Kills a server behind Drover's back. */
  kill(id: string): void {
    const instance = this.#instances.find((i) => i.id === id);
    if (instance !== undefined) instance.killedAt = this.#options.now();
  }

  /** Records an activity. */
  report(level: ActivityLevel, reason: ActivityReason, instanceId: string | null, message: string): void {
    const activity = this.#activity(level, reason, instanceId, message);
    this.#activities.push({ ...activity, sequence: this.#activities.length + 1 });
    this.#recorded.emit('activity');
  }

  #activity(level: ActivityLevel, reason: ActivityReason, instanceId: string | null, message: string): Activity {
    const group = reason.startsWith('controller') || reason === 'fleetDown' ? null : 'hello';
    const nothing = { cappedBy: null, before: null, after: null, explanation: null };
    return { at: this.#options.now(), group, instanceId, level, reason, message, ...nothing };
  }

  #group(now: number): GroupStatus {
    const count = (...states: InstanceStateName[]) => this.#instances.filter((i) => states.includes(i.state)).length;
    const wait = 'Launching waits 30 s after 2 failures in a row.';
    return {
      name: 'hello',
      targetGroups: ['hello'],
      provider: 'process',
      desired: this.#mode === 'down' ? 0 : this.#desired,
      minSize: 1,
      maxSize: this.#maxSize,
      inService: count('inService'),
      pending: count('launching', 'booting'),
      terminating: count('draining', 'terminating'),
      unhealthy: this.#instances.filter((i) => i.state === 'inService' && i.killedAt !== null).length,
      launchSuspended: this.suspended,
      suspendedProcesses: this.suspendedProcesses,
      policies: this.policies,
      notes: [],
      holds: this.suspended === null ? [] : [{ code: 'launchBackoff', message: wait, until: now + 12_400 }],
      instances: this.#instances.map(asStatus),
      desiredCapacityFile: '/srv/hello/desired',
    };
  }

  #step(): void {
    const now = this.#options.now();
    const story = this.#options.story ?? [];
    for (let scene = story[this.#played]; scene !== undefined; scene = story[this.#played]) {
      if (now - this.#startedAt < scene.afterMs) break;
      this.#played += 1;
      scene.play(this);
    }
    for (const instance of [...this.#instances]) this.#advance(instance, now);
    this.#size();
    this.#lastStep = now;
    if (this.#mode === 'down' && this.#instances.length === 0) this.onGone();
  }

  #advance(instance: FakeInstance, now: number): void {
    const age = now - instance.since;
    switch (instance.state) {
      case 'launching':
        if (age < LAUNCHING_MS) return;
        this.#to(instance, 'booting', 'connection refused (L4CON)');
        this.report('info', 'launched', instance.id, `${instance.id} is at 127.0.0.1:${instance.port}, booting.`);
        return;
      case 'probing':
      case 'booting':
        if (age < BOOTING_MS) return;
        this.#to(instance, 'inService', '');
        this.report('info', 'inService', instance.id, `${instance.id} is in service ${age} ms after its launch.`);
        return;
      case 'inService':
        instance.requests += Math.round(((now - this.#lastStep) * 14.2) / 1_000);
        if (instance.killedAt === null || now - instance.killedAt < DETECTION_MS) return;
        this.#to(instance, 'terminating', 'pid 4711 was killed (SIGKILL)');
        this.report('warning', 'machineStopped', instance.id, `${instance.id} has stopped; it is being replaced.`);
        return;
      case 'draining':
        if (age < DRAINING_MS) return;
        this.#to(instance, 'terminating', instance.detail);
        this.report('info', 'drained', instance.id, `${instance.id} has no open requests left after ${age} ms.`);
        return;
      case 'terminating':
        if (age < TERMINATING_MS) return;
        this.#instances = this.#instances.filter((other) => other !== instance);
        this.report('info', 'terminated', instance.id, `${instance.id} is gone.`);
        return;
      case 'terminated':
        return;
    }
  }

  #size(): void {
    const kept = this.#instances.filter((i) => ['launching', 'booting', 'inService'].includes(i.state));
    const wanted = this.#mode === 'down' ? 0 : this.#desired;
    for (const extra of kept.slice(wanted)) {
      this.#to(extra, 'draining', 'scale-in');
      this.report(
        'info',
        'scaleIn',
        extra.id,
        `Draining ${extra.id}: ${kept.length} are in service, ${wanted} are desired.`,
      );
    }
    if (this.suspended !== null) return;
    for (let have = kept.length; have < wanted; have += 1) {
      const id = this.#launch();
      this.report('info', 'launch', id, `Launching ${id}: ${have} of ${wanted} desired servers are there.`);
    }
  }

  #launch(): string {
    this.#made += 1;
    const id = `i-${createHash('sha256').update(`instance ${this.#made}`).digest('hex').slice(0, 17)}`;
    const now = this.#options.now();
    const fresh = { createdAt: now, since: now, killedAt: null, requests: 0 };
    this.#instances.push({ id, port: 40_000 + this.#made, state: 'launching', detail: '', ...fresh });
    return id;
  }

  #to(instance: FakeInstance, state: InstanceStateName, detail: string): void {
    instance.state = state;
    instance.since = this.#options.now();
    instance.detail = detail;
  }

  #mustBe(group: string): void {
    if (group !== 'hello') throw new ServiceError('notFound', `There is no group ${group}; there is hello.`);
  }

  #mustHave(id: string): FakeInstance {
    const found = this.#instances.find((i) => i.id === id);
    if (found === undefined) throw new ServiceError('notFound', `There is no instance ${id}.`);
    return found;
  }

  /** Decided by the core, as the real one does. @returns what the group remembers then */
  #obey(command: Command): GroupMemory {
    const servers = this.#instances.map(({ id, state }) => ({ id, state: stateOf(state) }));
    const bounds = { minSize: 1, maxSize: this.#maxSize, desiredCapacity: this.#desired };
    const launch = this.suspended === null ? LAUNCHING_WORKS : { ...LAUNCHING_WORKS, failures: 1 };
    const { suspendedProcesses } = this;
    const records = recordsOf(servers, {
      group: { name: 'hello', targetGroups: ['hello'], ...bounds },
      memory: { desired: this.#desired, launch, suspendedProcesses },
    });
    const decided = decideCommand({ ...records, balanced: new Set(['hello']) }, command, this.#options.now());
    if (decided.kind === 'refusal') throw new ServiceError(decided.code, decided.message);
    for (const { level, reason, instanceId, message } of decided.activities) {
      this.report(level, reason, instanceId, message);
    }
    const memory = decided.memory ?? records.memory;
    this.#desired = memory.desired ?? this.#desired;
    this.suspendedProcesses = memory.suspendedProcesses;
    return memory;
  }

  #called(call: string): void {
    this.calls.push(call);
    const error = this.nextError;
    this.nextError = null;
    if (error !== null) throw error;
  }
}
