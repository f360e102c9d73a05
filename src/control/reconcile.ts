import { plural } from '../base/plural.ts';
import { isSameProvider, providerNamed } from '../fleet/providers.ts';
import type { Fleet, LoadBalancer, ProviderInstance } from '../model/fleet.ts';

/** One step from what runs toward what should. Each is found anew from what is, never from how it came to be, and may be repeated. */
export type Step =
  | { readonly kind: 'listLoadBalancers' }
  | {
      readonly kind: 'startLoadBalancer' | 'terminateLoadBalancer' | 'openProvider' | 'closeProvider' | 'endGroup';
      readonly name: string;
    }
  /** Together, because their records are loaded together. */
  | { readonly kind: 'startGroups'; readonly names: readonly string[] };

/** What runs. */
export interface Running {
  readonly loadBalancers: ReadonlyMap<string, RunningLoadBalancer>;
  /** Whether those are among them that an earlier controller has left. */
  readonly hasListed: boolean;
  /** Whether each runs: one that was asked to stop does not. */
  readonly groups: ReadonlyMap<string, boolean>;
  readonly providers: ReadonlyMap<string, RunningProvider>;
  /** Those that present servers came from. */
  readonly providersInUse: ReadonlySet<string>;
}

export interface RunningProvider {
  /** One that could not be closed is not open. */
  readonly isOpen: boolean;
  /** As it was opened. */
  readonly instance: ProviderInstance;
}

export interface RunningLoadBalancer {
  /** Whether it is kept as it should be. */
  readonly isKept: boolean;
  /** As it was kept last; null where only its name is known. */
  readonly description: LoadBalancer | null;
  /** The ports of its listeners that are in force, as it was observed last. */
  readonly listensOn: readonly number[];
}

/**
 * The steps that are left until what runs equals what the fleet says: those first that make room for others, and groups before the load balancers
 * that have their servers.
 *
 * @param endsLoadBalancers on the way down, once all servers are gone
 */
export function stepsLeft(fleet: Fleet, running: Running, endsLoadBalancers: boolean): readonly Step[] {
  const loadBalancers = endsLoadBalancers ? [] : fleet.loadBalancers;
  const groups = new Set(fleet.autoScalingGroups.map(({ name }) => name));
  const providers = new Set([
    ...fleet.autoScalingGroups.map(({ launchTemplate }) => launchTemplate.provider),
    ...running.providersInUse,
  ]);
  const newGroups = [...groups].filter((name) => !running.groups.has(name));
  const leaving = [...running.groups].flatMap(([name, runs]) => (runs && groups.has(name) ? [] : [name]));
  const { terminate, start } = stepsOfLoadBalancers(loadBalancers, running);
  return [
    ...(running.hasListed ? [] : [{ kind: 'listLoadBalancers' } as const]),
    ...terminate,
    ...named('endGroup', leaving),
    ...named(
      'openProvider',
      [...providers].filter((name) => !isRight(running.providers.get(name), providerWanted(fleet, running, name))),
    ),
    ...(newGroups.length === 0 ? [] : [{ kind: 'startGroups', names: newGroups } as const]),
    ...start,
    ...named(
      'closeProvider',
      [...running.providers.keys()].filter((name) => !providers.has(name)),
    ),
  ];
}

/**
 * What should be open under a name. While servers from it are left, one that the fleet does not have any more stays as it was opened.
 */
export function providerWanted(
  fleet: Fleet,
  { providers }: Pick<Running, 'providers'>,
  name: string,
): ProviderInstance {
  const isNamed = fleet.providers.some((provider) => provider.name === name);
  const isUsed = fleet.autoScalingGroups.some(({ launchTemplate }) => launchTemplate.provider === name);
  return isNamed || isUsed ? providerNamed(fleet, name) : (providers.get(name)?.instance ?? providerNamed(fleet, name));
}

function isRight(running: RunningProvider | undefined, wanted: ProviderInstance): boolean {
  return running?.isOpen === true && isSameProvider(running.instance, wanted);
}

function stepsOfLoadBalancers(wanted: readonly LoadBalancer[], { loadBalancers: running }: Running) {
  const names = new Set(wanted.map(({ name }) => name));
  const leaving = [...running].filter(([name]) => !names.has(name));
  // One of whose ports another takes over stays until that one listens there, so that no connection is refused.
  const isAwaited = ({ description }: RunningLoadBalancer) =>
    wanted.some(({ name, listeners }) =>
      listeners.some(
        ({ port }) =>
          description?.listeners.some((one) => one.port === port) === true &&
          running.get(name)?.listensOn.includes(port) !== true,
      ),
    );
  return {
    terminate: named(
      'terminateLoadBalancer',
      leaving.flatMap(([name, one]) => (isAwaited(one) ? [] : [name])),
    ),
    start: named(
      'startLoadBalancer',
      wanted.flatMap(({ name }) => (running.get(name)?.isKept === true ? [] : [name])),
    ),
  };
}

type NamedStep = Extract<Step, { readonly name: string }>;

function named(kind: NamedStep['kind'], names: readonly string[]): readonly NamedStep[] {
  return names.map((name) => ({ kind, name }));
}

/** The key under which a step's failures are remembered. */
export function keyOf(step: Step): string {
  return 'name' in step ? `${step.kind} ${step.name}` : step.kind;
}

/** What a step is about: of the steps about one thing only one is performed at a time. */
export function subjectOf(step: Step): string {
  switch (step.kind) {
    case 'startLoadBalancer':
    case 'terminateLoadBalancer':
      return `load balancer ${step.name}`;
    case 'openProvider':
    case 'closeProvider':
      return `provider ${step.name}`;
    case 'listLoadBalancers':
    case 'startGroups':
    case 'endGroup':
      return keyOf(step);
  }
}

/** For a sentence that begins with it. */
export function inWords(step: Step): string {
  switch (step.kind) {
    case 'listLoadBalancers':
      return 'Finding the load balancers that run';
    case 'startLoadBalancer':
      return `Starting load balancer ${step.name}`;
    case 'terminateLoadBalancer':
      return `Terminating load balancer ${step.name}`;
    case 'openProvider':
      return `Opening provider ${step.name}`;
    case 'closeProvider':
      return `Closing provider ${step.name}`;
    case 'startGroups':
      return `Starting ${plural(step.names.length, 'group')} ${step.names.join(', ')}`;
    case 'endGroup':
      return `Ending group ${step.name}`;
  }
}
