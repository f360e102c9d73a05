import type { HourlyValue } from '../decide/policies/policy.ts';
import type { Sightings, TargetSighting, Throttled, View } from '../decide/snapshot.ts';
import type { AutoScalingGroup, TargetGroup } from '../model/fleet.ts';
import type { Reading } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommandRunner } from '../ports/command.ts';
import type { Ids } from '../ports/ids.ts';
import type { Probe } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { OnDefect } from './defects.ts';
import type { Operations } from './operations.ts';

/** What a group's loop needs of the rest of the controller. */
export interface GroupContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: Store;
  /** The fleet's name. */
  readonly fleet: () => string;
  readonly mode: () => 'up' | 'down';
  /** A group's machines as a provider has listed them; blind while the provider is not open. */
  readonly machines: (provider: string, group: string) => View<Sightings>;
  /** A provider's zones; empty where it is one place, and while it is not open. */
  readonly zones: (provider: string) => readonly string[];
  /** The operations on a provider's machines; null while it is not open. */
  readonly operations: (provider: string) => Operations | null;
  /** The main process of a machine that is one of this host; null for any other. */
  readonly processOf: (provider: string, machineId: string) => number | null;
  /** Those of the providers that are asked for nothing now. */
  readonly throttled: (providers: ReadonlySet<string>) => ReadonlyMap<string, Throttled>;
  readonly targetGroups: (group: AutoScalingGroup) => readonly TargetGroup[];
  readonly targets: (targetGroup: string) => View<TargetSighting>;
  readonly file: () => Reading | null;
  readonly metrics: () => ReadonlyMap<string, Reading>;
  readonly histories: () => ReadonlyMap<string, readonly HourlyValue[]>;
  /** How long until something that is seen or read now is too old to go by, unless it comes anew. */
  readonly staleInMs: () => number;
  readonly probe: Probe;
  readonly commands: CommandRunner;
  readonly telemetry: Telemetry;
  /** What the load balancers should be like has changed. */
  readonly onMembersChanged: (group: AutoScalingGroup) => void;
  /** The group may need fewer providers than before. */
  readonly onProvidersChanged: () => void;
  /** What is shown of the group may be different. */
  readonly onShown: (group: string) => void;
  /** Something is wrong that is not about the group itself. */
  readonly onProblem: (message: string) => void;
  readonly onDefect: OnDefect;
  /** A check has found something to do that no event and no planned time had announced. */
  readonly onUnannounced: (found: string) => void;
}
