import type { FleetService } from '../control/service.ts';
import type { Clock } from '../ports/clock.ts';
import type { Authenticate, Caller } from './caller.ts';
import type { ConditionalChanges } from './etags.ts';
import type { EventHub } from './event-hub.ts';

/** What routes answer from. */
export interface RouteContext {
  readonly service: FleetService;
  readonly changes: ConditionalChanges;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly authenticate: Authenticate;
  /** A link that opens the dashboard and logs in, once. @throws Refusal `conflict` where the dashboard is nowhere */
  readonly link: (caller: Caller) => string;
}
