import type { InstanceQuery } from '../../src/control/service.ts';
import type { InstanceState, InstanceStateName } from '../../src/model/instance.ts';
import { LIFECYCLE } from '../../src/model/lifecycle.ts';
import type { InstanceStatus } from '../../src/views/status.ts';
import { NOW } from './snapshot.ts';

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

export function pageOf(all: readonly InstanceStatus[], { groups, state, health, after, limit }: InstanceQuery) {
  const chosen = all
    .filter((one) => groups?.includes(one.group) !== false)
    .filter((one) => state === undefined || one.state === state)
    .filter((one) => health === undefined || one.health === health);
  const left = chosen.slice(chosen.findIndex(({ id }) => id === after?.id) + 1);
  const items = left.slice(0, limit);
  const last = items.at(-1);
  const isMore = last !== undefined && left.length > limit;
  return { items, next: isMore ? { group: last.group, createdAt: last.createdAt, id: last.id } : null };
}

export function stateOf(name: InstanceStateName): InstanceState {
  const since = NOW;
  switch (name) {
    case 'launching':
      return { name, since, retryAt: null };
    case 'probing':
    case 'booting':
    case 'inService':
      return { name, since };
    case 'draining':
      return { name, since, deadline: null, cause: 'operatorDrain', reversible: false };
    case 'terminating':
      return { name, since, cause: 'operatorTerminate', retryAt: null, commandEnded: false };
    case 'terminated':
      return { name, since, cause: 'operatorTerminate' };
  }
}
