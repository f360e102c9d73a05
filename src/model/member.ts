import type { Endpoint, InstanceId } from './instance.ts';

/** A server as a target group should have it. */
export interface Member {
  readonly targetGroup: string;
  readonly instanceId: InstanceId;
  readonly endpoint: Endpoint;
  /** The port of its health checks, where that is another one. */
  readonly checkPort: number | null;
  /** 1 to 256 */
  readonly weight: number;
  readonly state: 'ready' | 'draining';
  /** It has been healthy in this life: what requests go to when no member is healthy now. */
  readonly proven: boolean;
}
