import type { InstanceStateName } from '../../src/model/instance.ts';
import { LIFECYCLE } from '../../src/model/lifecycle.ts';
import type { InstanceStatus } from '../../src/views/status.ts';

/** An instance of the imitated fleet. */
export interface FakeInstance {
  readonly id: string;
  readonly port: number;
  readonly createdAt: number;
  state: InstanceStateName;
  since: number;
  killedAt: number | null;
  detail: string;
  requests: number;
}

export function asStatus(instance: FakeInstance): InstanceStatus {
  const { id, state, since, createdAt, detail } = instance;
  const serving = state === 'inService' || state === 'draining';
  const target = serving ? (state === 'inService' ? 'healthy' : 'draining') : 'initial';
  return {
    id,
    group: 'hello',
    lifecycleState: LIFECYCLE[state].awsName,
    state,
    since,
    createdAt,
    health: instance.killedAt !== null ? 'unhealthy' : serving ? 'healthy' : 'unknown',
    detail,
    endpoint: state === 'launching' ? null : `127.0.0.1:${instance.port}`,
    provider: 'process',
    machineId: state === 'launching' ? null : instance.id,
    zone: null,
    instanceType: null,
    machineDetail: state === 'launching' ? '' : `pid ${instance.port - 35_000}`,
    targets:
      state === 'launching' || state === 'terminating'
        ? []
        : [
            {
              targetGroup: 'hello',
              health: target,
              detail: '',
              openRequests: serving ? instance.port % 4 : 0,
              requestsTotal: instance.requests,
              requestsPerSecond: 0,
              errorShare: 0,
              responseTimeMs: 0,
            },
          ],
  };
}
