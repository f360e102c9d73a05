import type { FleetService } from '../control/service.ts';
import type { Clock } from '../ports/clock.ts';
import type { Authenticate } from './caller.ts';
import type { ConditionalChanges } from './etags.ts';
import type { EventHub } from './event-hub.ts';
import type { Sessions } from './sessions.ts';

/** What routes answer from. */
export interface RouteContext {
  readonly service: FleetService;
  readonly changes: ConditionalChanges;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly authenticate: Authenticate;
  readonly sessions: Sessions;
  /** Where the dashboard is. @throws Refusal `conflict` where it is nowhere */
  readonly address: () => string;
}
