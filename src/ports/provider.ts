import type { Finding } from '../model/finding.ts';
import type { InstanceId, Placement } from '../model/instance.ts';
import type { JsonObject } from '../model/json.ts';
import type { Machine } from '../model/observation.ts';
import type { Starter } from '../model/starter.ts';
import type { Problem } from '../settings/explain.ts';
import type { ProviderSchemaSource, TemplateUse } from '../settings/settings-schema.ts';
import type { Clock } from './clock.ts';

export type { Finding } from '../model/finding.ts';

/**
 * Where machines come from. The contract, checked by `test/conformance/provider.ts`:
 *
 * - `launch` is idempotent by `instanceId`: however often it is called, also after a crash in the middle and by another
 *   controller, at most one machine exists for the id, and its answer is that machine. The server may still be booting; a machine that
 *   has no address yet gets it in `list`.
 * - Machines carry the tags `fleet`, `group` and `instanceId`, kept with the machine and not only in the controller's store.
 * - `NoCapacity` from `launch` says that nothing was made and that nothing will be: the caller asks elsewhere at once, for another id.
 * - `list` returns every machine of the fleet that is not gone, also stopped ones and ones that an earlier controller launched.
 *   It throws rather than return part of the list; a zone that cannot be seen by itself is named in the list instead, and then none of
 *   its machines is in it.
 * - What answers at a machine's addresses is the machine, as far as the provider can tell: an address that was given to another
 *   machine meanwhile is not listed as this one's. A provider of processes maps a server's port only once the socket there is known to
 *   be the server's, and lists a server whose port another program has taken as stopped, with that program in its detail.
 * - A provider whose machines cannot be had anew may try to bring a failed one back, and says so with `repair`: `possible` of a machine that runs,
 *   or what it does now and until when. An unhealthy server is then not replaced before it was listed again, nor before that is over (at most
 *   half an hour).
 * - `terminate` asks for the end of one machine by the provider's id and is repeated until it throws `NotFound`; it resolves
 *   when the request has been taken, and does not wait for a machine that needs longer. It never touches a machine without the fleet's tag.
 *   In a zone that cannot be seen it throws `Transient`, never `NotFound`.
 * - No call outlives its signal: an abort makes it reject; what it had begun may still take effect.
 * - Errors are `PortError`s.
 */
export interface Provider {
  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine>;
  list(signal: AbortSignal): Promise<MachineList>;
  terminate(machineId: string, signal: AbortSignal): Promise<void>;
  /** Calls back when an observation is worth while sooner than planned (a machine stopped, or is reached now). Only a hint. Returns the way to stop. */
  watch(onChange: () => void): () => void;
  /** Of a provider whose machines are processes of this host: the main process of one; null when it has none. */
  processOf?(machineId: string): number | null;
  /**
   * Of a provider that can show what its machines print: the last lines, the oldest first, and those that come, where that is asked for, until
   * the machine is gone or the signal aborts; then it ends. Lines are text from outside, without their ends; a long one comes in pieces.
   *
   * @throws PortError `NotFound` for what is no machine of the fleet; `Unsupported` where this one's cannot be read
   */
  logs?(machineId: string, wanted: LogsWanted, signal: AbortSignal): AsyncIterable<string>;
  /** Lets go of timers and handles. Machines go on. */
  close(): Promise<void>;
}

export interface LogsWanted {
  /** How many of the lines that there are, at most. */
  readonly lines: number;
  /** Whether to go on with those that come. */
  readonly follow: boolean;
}

export interface MachineList {
  readonly machines: readonly Machine[];
  /** Zones whose machines cannot be seen now, by name, each with why. What is not listed there may be there all the same. */
  readonly unseenZones: ReadonlyMap<string, string>;
}

/** The list of a provider that sees all of its machines or none. */
export function wholeList(machines: readonly Machine[]): MachineList {
  return { machines, unseenZones: new Map() };
}

export interface LaunchRequest {
  readonly instanceId: InstanceId;
  readonly group: string;
  /** A digest of the launch template: servers of the same version were launched from the same one. */
  readonly launchTemplateVersion: string;
  /** Where, and as what: of what the capabilities offer. */
  readonly placement: Placement;
  /** Whether it is behind a load balancer and so has to listen at its endpoint; a worker need not. */
  readonly serves: boolean;
  /** Valid by the provider's own schema. */
  readonly settings: JsonObject;
}

/** What a provider can do, declared; nobody asks for its name. */
export interface ProviderCapabilities {
  /** Between two `list` calls while nothing is known to have happened. */
  readonly listIntervalMs: number;
  /** The least time between two `list` calls that the provider's rate limits allow. */
  readonly listGapMs: number;
  /** How far behind the truth a list may be: what happened so shortly before it was asked for may be missing from it. */
  readonly listLagMs: number;
  /** How many calls to launch or to terminate a machine may be under way at once. */
  readonly concurrentOperations: number;
  /** How long one try at terminating a machine may take, from the first call until the provider does not know it any more. */
  readonly terminateTimeoutMs: number;
  /**
   * How servers are reached: `direct`, each port at its own number, so that a target group names one; `assigned`, at the one port that
   * the provider gives to each, so that a target group names none.
   */
  readonly ports: 'direct' | 'assigned';
  /** The places that fail by themselves (hosts, availability zones, locations), by the names that machines carry; empty where there is one place only. */
  readonly zones: readonly string[];
  /** Whether a launch template may name instance types, in order of preference. */
  readonly instanceTypes: boolean;
}

/** One kind of provider: an entry of `providers/registry.ts`. The schemas' descriptions become help texts. */
export interface ProviderType extends ProviderSchemaSource {
  readonly name: string;
  /** What an instance with these settings can do. */
  capabilities(settings: JsonObject): ProviderCapabilities;
  /** Whether an instance with the settings `after` lists all machines that one with `before` lists. Without it only the same settings do. */
  keepsMachines?(before: JsonObject, after: JsonObject): boolean;
  /**
   * What would fail on this host as it is now, or once the group is large; paths begin in the settings. No error, because it may be put
   * right before that launch.
   */
  settingsWarnings?(settings: JsonObject, use: TemplateUse): Promise<readonly Problem[]>;
  create(context: ProviderContext): Provider;
  /** How `drover init` writes a first fleet file for it. */
  readonly starter?: Starter;
  /** What `drover doctor` says of an instance: whether it is reached, its credentials are good, and there is room. It changes nothing. */
  diagnose?(context: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]>;
}

export interface ProviderContext {
  readonly fleet: string;
  /** Valid by the type's `providerSettingsSchema`; empty where it has none. */
  readonly settings: JsonObject;
  /** A folder of the provider's own, private to Drover's user. It exists. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** For Drover's own log: what went wrong beside the calls, such as the rotation of a log. */
  readonly onProblem: (message: string) => void;
  /** Called when a call was held back because few are left of the provider's rate limit, with how long. */
  readonly onRateLimitWait?: (waitMs: number) => void;
}
