import type { FaultRates } from '../world/call.ts';
import type { LoadBalancerHost, SimMember } from '../world/load-balancer-host.ts';
import type { SimMachine } from '../world/machines.ts';
import type { World } from '../world/world.ts';
import type { Incident } from './happenings.ts';

/** Makes something happen to the world. */
export function happen(world: World, incident: Incident): void {
  const { machines, trace } = world;
  switch (incident.kind) {
    case 'writeFile':
      if (incident.path === '') return;
      trace.note('person', `writes ${JSON.stringify(incident.content)} to ${incident.path}`);
      world.file(incident.path).write(incident.content);
      return;
    case 'stopMachine':
      return withMachine(world, incident.which, (machine) => machines.stop(machine, 'by itself'));
    case 'vanishMachine':
      return withMachine(world, incident.which, (machine) => machines.vanish(machine, 'by itself'));
    case 'rebootMachine':
      return withMachine(world, incident.which, (machine) => {
        machines.stop(machine, 'by itself');
        world.clock.plan(incident.forMs, () => machines.restart(machine));
      });
    case 'hangMachine':
      return withMachine(world, incident.which, (machine) => hang(world, machine, incident.forMs));
    case 'hangAll':
      for (const machine of ownMachines(world)) hang(world, machine, incident.forMs);
      return;
    case 'sickenMachine':
      return withMachine(world, incident.which, (machine) => sicken(world, machine, incident.forMs));
    case 'sickenAll':
      for (const machine of ownMachines(world)) sicken(world, machine, incident.forMs);
      return;
    case 'errMachine':
      return withMachine(world, incident.which, (machine) => err(world, machine, incident.forMs));
    case 'errAll':
      for (const machine of ownMachines(world)) err(world, machine, incident.forMs);
      return;
    case 'killLoadBalancer':
      return hostOf(world, incident.which)?.crash();
    case 'loseLoadBalancer':
      return withHost(world, incident, lose);
    case 'partition':
      return withHost(world, incident, partition);
    case 'misreport':
      return withHost(world, incident, (_, host, forMs) => misreport(world, host, incident.reports, forMs));
    case 'flap':
      return withHost(world, incident, (_, host, forMs) => flap(world, host, incident.which, forMs));
    case 'probeBlind':
      return during(world, incident.forMs, 'probe', 'reaches no server any more', 'reaches the servers again', (on) => {
        world.probeReaches = !on;
      });
    case 'providerDown':
      return trouble(world, { failsBefore: 1 }, incident.kind, incident.forMs);
    case 'providerFull':
      return trouble(world, { noCapacity: 1 }, incident.kind, incident.forMs);
    case 'credentialsExpire':
      return trouble(world, { unauthorized: 1 }, incident.kind, incident.forMs);
    case 'tooManyRequests':
      return trouble(world, { rateLimited: 1 }, incident.kind, incident.forMs);
    case 'cutZone':
      return cutZone(world, incident.zone, incident.forMs);
    case 'fillZone': {
      const { zone, instanceType, forMs } = incident;
      return during(world, forMs, 'provider', `${zone} has no room`, `${zone} has room again`, (on) =>
        world.zones.setFull(zone, instanceType, on),
      );
    }
    case 'providerHangs':
      return trouble(world, { hangs: 1 }, incident.kind, incident.forMs);
    case 'diskFull':
      return during(world, incident.forMs, 'store', 'the disk is full', 'the disk has room again', (on) =>
        world.setDiskFull(on),
      );
    case 'changeLoad':
      trace.note('users', `of ${incident.group}: ${JSON.stringify(incident.change)}`);
      world.measures.load(incident.group).change(incident.change, world.clock.elapsedMs);
      return;
    case 'metricTrouble':
      return metricTrouble(world, incident);
    case 'clockJump':
      trace.note('world', `the clock jumps by ${incident.byMs / 1000} s`);
      world.clock.jump(incident.byMs);
      return;
    case 'hostSleep':
      trace.note('world', `Drover's host sleeps for ${incident.forMs / 1000} s`);
      world.sleepHost(incident.forMs);
      return;
  }
}

function withMachine(world: World, which: number, act: (machine: SimMachine) => void): void {
  const own = ownMachines(world);
  const machine = own[Math.floor(which * own.length)];
  if (machine !== undefined) act(machine);
}

function ownMachines({ machines, fleet }: World): SimMachine[] {
  return [...machines.alive()].filter((machine) => machine.fleet === fleet.name);
}

function sicken(world: World, machine: SimMachine, forMs: number): void {
  world.machines.setSick(machine, true);
  world.clock.plan(forMs, () => world.machines.setSick(machine, false));
}

function err(world: World, machine: SimMachine, forMs: number): void {
  world.machines.setErring(machine, true);
  world.clock.plan(forMs, () => world.machines.setErring(machine, false));
}

function hang(world: World, machine: SimMachine, forMs: number | null): void {
  world.machines.hang(machine);
  if (forMs !== null) world.clock.plan(forMs, () => world.machines.recover(machine));
}

function hostOf({ hosts }: World, which: number): LoadBalancerHost | undefined {
  return hosts[Math.floor(which * hosts.length)];
}

function withHost(
  world: World,
  { which, forMs }: { readonly which: number; readonly forMs: number },
  act: (world: World, host: LoadBalancerHost, forMs: number) => void,
): void {
  const host = hostOf(world, which);
  if (host !== undefined) act(world, host, forMs);
}

function lose(world: World, host: LoadBalancerHost, forMs: number): void {
  during(world, forMs, host.name, 'cannot be reached any more', 'can be reached again', (on) => {
    host.reachable = !on;
  });
}

function cutZone(world: World, zone: string, forMs: number): void {
  const { zones, machines, records } = world;
  during(world, forMs, 'provider', `zone ${zone} is cut off`, `zone ${zone} can be reached again`, (on) => {
    zones.setCut(zone, on);
    // What no record has by then nobody can know of.
    for (const machine of machines.alive()) {
      if (on && machine.zone === zone && !records.instances.has(machine.instanceId)) machine.hidden = true;
    }
  });
}

function partition(world: World, host: LoadBalancerHost, forMs: number): void {
  if (host.partitioned) return;
  host.setPartitioned(true);
  world.clock.plan(forMs, () => {
    if (host.partitioned) host.setPartitioned(false);
  });
}

function misreport(world: World, host: LoadBalancerHost, reports: 'allDown' | 'flapping', forMs: number): void {
  const what = reports === 'allDown' ? 'all its servers are down' : 'its servers come and go';
  during(world, forMs, host.name, `reports that ${what}`, 'reports the truth again', (on) => {
    host.reports = on ? reports : 'truth';
  });
}

function flap(world: World, host: LoadBalancerHost, which: number, forMs: number): void {
  const members: SimMember[] = [...host.members()];
  const member = members[Math.floor(((which * 7919) % 1) * members.length)];
  if (member === undefined) return;
  world.trace.note(host.name, `${member.member.instanceId} fails its checks for a while`);
  host.setFlapping(member, true);
  world.clock.plan(forMs, () => host.setFlapping(member, false));
}

function metricTrouble(
  world: World,
  { group, metric, trouble: kind, forMs }: Incident & { readonly kind: 'metricTrouble' },
): void {
  const gauge = world.measures.gauge(group, metric);
  const trouble = { kind, sinceMs: world.clock.elapsedMs };
  during(world, forMs, 'metric', `${group}/${metric} is ${kind}`, `${group}/${metric} can be read again`, (on) => {
    if (on) gauge.trouble = trouble;
    else if (gauge.trouble === trouble) gauge.trouble = null;
  });
}

/** Sets something for a while; the calm may end it before. */
function during(
  world: World,
  forMs: number,
  who: string,
  begins: string,
  ends: string,
  set: (on: boolean) => void,
): void {
  world.trace.note(who, begins);
  set(true);
  world.clock.plan(forMs, () => {
    world.trace.note(who, ends);
    set(false);
  });
}

function trouble(world: World, faults: FaultRates, kind: string, forMs: number): void {
  world.trace.note('provider', `${kind} for ${forMs} ms`);
  const { launch, list, terminate } = world.conditions.provider;
  for (const call of kind === 'providerFull' ? [launch] : [launch, list, terminate]) {
    const usual = call.faults;
    call.faults = faults;
    world.clock.plan(forMs, () => {
      if (call.faults === faults) call.faults = usual;
    });
  }
}
