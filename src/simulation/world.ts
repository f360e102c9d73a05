import type { Ids } from '../ports/ids.ts';
import { calmDown } from './conditions.ts';
import { Invariants } from './invariants.ts';
import { LoadBalancerHost, type SimMember } from './load-balancer-host.ts';
import { Machines, type SimMachine } from './machines.ts';
import { hex128, type Random } from './random.ts';
import { Records } from './records.ts';
import type { Incident, Scenario } from './scenario.ts';
import { SimFile } from './sim-desired-file.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Everything that outlives the controller: machines, load balancers, files, and the truth about them. */
export class World {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly machines: Machines;
  readonly hosts: readonly LoadBalancerHost[];
  /** By path. */
  readonly files = new Map<string, SimFile>();
  readonly records = new Records();
  readonly invariants: Invariants;
  readonly ids: Ids;

  constructor(scenario: Scenario, clock: VirtualClock, random: Random, trace: Trace) {
    const { fleet, conditions } = scenario;
    this.scenario = scenario;
    this.clock = clock;
    this.random = random;
    this.trace = trace;
    this.machines = new Machines(clock, random.fork('machines'), trace, conditions.machines);
    const hosts: LoadBalancerHost[] = [];
    this.invariants = new Invariants({ clock, fleet, machines: this.machines, hosts, records: this.records, trace });
    for (const { name } of fleet.loadBalancers) {
      const own = { name, clock, random: random.fork(name), trace, machines: this.machines };
      hosts.push(new LoadBalancerHost({ ...own, witness: this.invariants }));
    }
    this.hosts = hosts;
    for (const group of fleet.autoScalingGroups) {
      const { desiredCapacityFile: path, desiredCapacity } = group;
      if (path !== null) this.files.set(path, new SimFile(`${desiredCapacity ?? group.minSize}\n`));
    }
    const idBits = random.fork('ids');
    this.ids = { seed: () => hex128(idBits) };
    // A neighbour's machine, never to be touched.
    this.machines.launch({ fleet: 'neighbour', group: 'web', instanceId: 'i-neighbour' }, false);
  }

  happen(incident: Incident): void {
    switch (incident.kind) {
      case 'writeFile':
        this.#writeFile(incident.path, incident.content);
        break;
      case 'stopMachine':
        this.#withMachine(incident.which, (machine) => this.machines.stop(machine, 'by itself'));
        break;
      case 'vanishMachine':
        this.#withMachine(incident.which, (machine) => this.machines.vanish(machine, 'by itself'));
        break;
      case 'hangMachine':
        this.#hang(incident.which, incident.forMs);
        break;
      case 'killLoadBalancer':
        for (const host of this.hosts) host.crash();
        break;
      case 'loseLoadBalancer':
        for (const host of this.hosts) this.#lose(host, incident.forMs);
        break;
      case 'partition':
        for (const host of this.hosts) this.#partition(host, incident.forMs);
        break;
      case 'flap':
        this.#flap(incident.which, incident.forMs);
        break;
      case 'providerDown':
        this.#trouble({ failsBefore: 1 }, incident.kind, incident.forMs);
        break;
      case 'providerFull':
        this.#trouble({ noCapacity: 1 }, incident.kind, incident.forMs);
        break;
      case 'providerHangs':
        this.#trouble({ hangs: 1 }, incident.kind, incident.forMs);
        break;
    }
  }

  /** From now on nothing goes wrong any more. */
  calmDown(): void {
    this.trace.note('world', 'everything calms down');
    calmDown(this.scenario.conditions);
    for (const host of this.hosts) {
      host.reachable = true;
      if (host.partitioned) host.setPartitioned(false);
      for (const member of host.members()) host.setFlapping(member, false);
    }
    this.machines.healAll();
  }

  #writeFile(path: string, content: string | null): void {
    const file = this.files.get(path);
    if (file === undefined) return;
    this.trace.note('person', `writes ${JSON.stringify(content)} to ${path}`);
    file.write(content);
  }

  #withMachine(which: number, act: (machine: SimMachine) => void): void {
    const own = [...this.machines.alive()].filter(({ fleet }) => fleet === this.scenario.fleet.name);
    const machine = own[Math.floor(which * own.length)];
    if (machine !== undefined) act(machine);
  }

  #hang(which: number, forMs: number | null): void {
    this.#withMachine(which, (machine) => {
      this.machines.hang(machine);
      if (forMs !== null) this.clock.plan(forMs, () => this.machines.recover(machine));
    });
  }

  #lose(host: LoadBalancerHost, forMs: number): void {
    this.trace.note(host.name, 'cannot be reached any more');
    host.reachable = false;
    this.clock.plan(forMs, () => {
      this.trace.note(host.name, 'can be reached again');
      host.reachable = true;
    });
  }

  #partition(host: LoadBalancerHost, forMs: number): void {
    if (host.partitioned) return;
    host.setPartitioned(true);
    this.clock.plan(forMs, () => {
      if (host.partitioned) host.setPartitioned(false);
    });
  }

  #flap(which: number, forMs: number): void {
    for (const host of this.hosts) {
      const members: SimMember[] = [...host.members()];
      const member = members[Math.floor(which * members.length)];
      if (member === undefined) continue;
      this.trace.note(host.name, `${member.member.instanceId} fails its checks for a while`);
      host.setFlapping(member, true);
      this.clock.plan(forMs, () => host.setFlapping(member, false));
    }
  }

  #trouble(faults: Readonly<Record<string, number>>, kind: string, forMs: number): void {
    this.trace.note('provider', `${kind} for ${forMs} ms`);
    const { launch, list, terminate } = this.scenario.conditions.provider;
    const calls = kind === 'providerFull' ? [launch] : [launch, list, terminate];
    for (const call of calls) {
      const usual = call.faults;
      call.faults = faults;
      this.clock.plan(forMs, () => {
        if (call.faults === faults) call.faults = usual;
      });
    }
  }
}
