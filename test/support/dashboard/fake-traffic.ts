import type { InstanceStatus } from '../../../src/views/status.ts';
import type { Chance } from './chance.ts';
import type { FakeGroup } from './fake-shop.ts';

/** The instance with what its load balancer sees of it now. */
export function withTraffic(row: InstanceStatus, group: FakeGroup, rate: number, chance: Chance): InstanceStatus {
  if (group.targetGroup === null || row.state === 'launching') return row;
  const serves = row.state === 'inService' && row.health === 'healthy';
  const rest = row.state === 'draining' ? 'draining' : row.state === 'inService' ? 'unhealthy' : 'initial';
  const requestsPerSecond = serves ? rate : 0;
  const target = {
    targetGroup: group.targetGroup,
    health: serves ? 'healthy' : rest,
    detail: serves ? 'L7OK, 200 in 3 ms' : row.detail,
    openRequests: Math.round(requestsPerSecond * 0.06),
    requestsTotal: (row.targets[0]?.requestsTotal ?? chance.below(90_000)) + Math.round(requestsPerSecond * 5),
    requestsPerSecond,
    errorShare: group.errorShare,
    responseTimeMs: group.responseTimeMs * chance.around(1, 0.2),
  };
  return { ...row, targets: [target] };
}
