import type { FleetNotifications } from '../../src/control/fleet-notifications.ts';
import { ServiceError } from '../../src/control/service.ts';
import type { NotificationStatus } from '../../src/views/notifications.ts';

/** Destinations that take whatever they are sent. */
export class FakeNotifications implements FleetNotifications {
  destinations: readonly NotificationStatus[] = [];
  readonly #called: (call: string) => void;

  constructor(called: (call: string) => void) {
    this.#called = called;
  }

  list(): readonly NotificationStatus[] {
    return this.destinations;
  }

  async test(name: string): Promise<void> {
    this.#called(`test ${name}`);
    if (this.destinations.some((one) => one.name === name)) return;
    throw new ServiceError('notFound', `There is no destination ${name} of notifications in fleet hello; it has none.`);
  }
}
