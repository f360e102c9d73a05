import type { ShownSettings } from '../fleet/facts.ts';
import type { ProviderInstance } from '../model/fleet.ts';
import type { Metric } from '../model/metric.ts';
import type { NotificationDestination } from '../model/notification.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommandRunner } from '../ports/command.ts';
import type { Ids } from '../ports/ids.ts';
import type { LoadBalancerDriver } from '../ports/load-balancer.ts';
import type { MetricContext, MetricSource } from '../ports/metric-source.ts';
import type { Probe } from '../ports/probe.ts';
import type { Provider, ProviderCapabilities } from '../ports/provider.ts';
import type { Store } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { OnDefect } from './defects.ts';
import type { FleetDocuments, FleetSource } from './fleet-configuration.ts';
import type { OpenedNotifier } from './notification-loop.ts';

/** What a controller is given: its ports, and what it says of itself. */
export interface ControllerOptions {
  readonly source: FleetSource;
  readonly documents: FleetDocuments;
  /** Which settings of launch templates and metrics may be shown where fleets are compared. */
  readonly shownSettings: ShownSettings;
  readonly store: Store;
  /** Opens an instance, which the controller closes. May throw: it is tried again. */
  readonly provider: (instance: ProviderInstance, fleet: string) => OpenedProvider;
  /** Whether the second lists all machines that the first lists. */
  readonly keepsMachines: (before: ProviderInstance, after: ProviderInstance) => boolean;
  /** Makes a driver, which the controller closes. */
  readonly loadBalancer: (name: string) => LoadBalancerDriver;
  /** The names of load balancers that this controller or an earlier one has started and that may still run. */
  readonly existingLoadBalancers: () => Promise<readonly string[]>;
  readonly desiredFile: (path: string) => MetricSource;
  readonly metricSource: (metric: Metric, context: Omit<MetricContext, 'settings' | 'clock'>) => MetricSource;
  readonly probe: Probe;
  readonly notifier: (destination: NotificationDestination) => OpenedNotifier;
  readonly commands: CommandRunner;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly ids: Ids;
  /** `down` terminates everything and then ends the controller itself. */
  readonly mode: 'up' | 'down';
  readonly about: About;
  /** Called with what is wrong with Drover itself, for the log. */
  readonly onProblem: (message: string, error?: unknown) => void;
  /** Called with a programming error, what it hit and the error with its stack, for the log. */
  readonly onDefect: OnDefect;
  /** A check that nothing had announced has found something to do: never, unless an event was lost. */
  readonly onUnannounced: (found: string) => void;
}

export interface OpenedProvider {
  readonly provider: Provider;
  /** Of this instance, with the settings that it has. */
  readonly capabilities: ProviderCapabilities;
}

export interface About {
  readonly version: string;
  readonly pid: number;
  readonly dataDir: string;
}
