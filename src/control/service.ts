import { ExpectedError } from '../base/expected-error.ts';
import type { StoredActivity } from '../model/activity.ts';
import type { InstanceId } from '../model/instance.ts';
import type { SuspendableProcess } from '../model/scaling-policy.ts';
import type { ActivityQuery } from '../ports/store.ts';
import type { Explanation, FleetStatus, Plan } from '../views/status.ts';
import type { FleetConfiguration } from './fleet-configuration.ts';
import type { FleetNotifications } from './fleet-notifications.ts';

/** What a person or a program can ask of a running controller: everything behind the local API. */
export interface FleetService {
  /** The desired fleet, and every change of it. */
  readonly configuration: FleetConfiguration;
  readonly notifications: FleetNotifications;
  status(): FleetStatus;
  activities(query: ActivityQuery): Promise<readonly StoredActivity[]>;
  plan(): Promise<Plan>;
  /** Why a group has its size, and why nothing else happens. @throws ServiceError `notFound` */
  explain(group: string): Promise<Explanation>;
  /** @throws ServiceError `notFound`, `invalid` (outside of the group's minimum and maximum, not a whole number) */
  setDesiredCapacity(group: string, desired: number): Promise<{ readonly before: number; readonly after: number }>;
  /**
   * @param force also where its requests would be refused until its replacement serves
   * @returns what it waits for first, in a sentence; null when the drain begins now
   * @throws ServiceError `notFound`, `conflict` (it is already being terminated), `lastServer` (not without force)
   */
  drainInstance(id: InstanceId, force: boolean): Promise<{ readonly waitsFor: string | null }>;
  /** With the same parameter and errors. */
  terminateInstance(id: InstanceId, force: boolean): Promise<void>;
  /** Lets a group launch again after repeated failures. @throws ServiceError `notFound`, `conflict` (it is not suspended) */
  resumeLaunch(group: string): Promise<void>;
  /**
   * Switches parts of a group's work off until they are resumed; those that are off already stay so.
   * @returns all that are off then
   * @throws ServiceError `notFound`
   */
  suspendProcesses(group: string, processes: readonly SuspendableProcess[]): Promise<readonly SuspendableProcess[]>;
  /** The way back, with the same answer. @throws ServiceError `notFound` */
  resumeProcesses(group: string, processes: readonly SuspendableProcess[]): Promise<readonly SuspendableProcess[]>;
  /** Drains and terminates everything that the fleet owns, then the load balancers, then the controller. Resolves when begun. */
  down(): Promise<void>;
}

/** A refusal for a person: what is wrong and what to do next. */
export class ServiceError extends ExpectedError {
  readonly code: 'notFound' | 'invalid' | 'conflict' | 'lastServer' | 'staleVersion';

  constructor(code: ServiceError['code'], message: string) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
  }
}
