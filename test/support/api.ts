import { type Authenticate, ownerOfSocket } from '../../src/api/caller.ts';
import type { Observability } from '../../src/api/routes/observability.ts';
import { Api } from '../../src/api/server.ts';
import type { FleetService } from '../../src/control/service.ts';
import { systemClock } from '../../src/system/clock.ts';

export interface ApiOfService {
  readonly onInternalError?: (error: unknown) => void;
  readonly authenticate?: Authenticate;
  readonly observability?: Observability;
}

/** The API in front of a service, as the unix socket has it unless somebody else says who asks. */
export function apiOf(service: FleetService, { authenticate, ...options }: ApiOfService = {}) {
  const api = new Api({ service, clock: systemClock, version: '0.1.0', onInternalError: () => {}, ...options });
  return api.build(authenticate ?? ownerOfSocket);
}
