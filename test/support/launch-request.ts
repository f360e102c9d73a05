import { type InstanceId, NO_PLACEMENT } from '../../src/model/instance.ts';
import type { LaunchRequest } from '../../src/ports/provider.ts';

/** A launch of a worker in the group `web`, unless the test says otherwise. */
export function launchRequest(instanceId: InstanceId, more: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    instanceId,
    group: 'web',
    serves: false,
    settings: {},
    launchTemplateVersion: 'v1',
    placement: NO_PLACEMENT,
    ...more,
  };
}
