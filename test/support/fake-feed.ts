import type { EventEmitter } from 'node:events';
import type { FleetFeed, FleetService } from '../../src/control/service.ts';

/** What is different since it was taken last, found by comparing everything. */
export function fakeFeed(service: FleetService, recordings: EventEmitter, onNews: () => void): FleetFeed {
  let recorded = false;
  const rows = () => ({
    groups: new Map(service.groups().map((row) => [row.name, JSON.stringify(row)])),
    instances: new Map(service.instances({ limit: 10_000 }).items.map((row) => [row.id, JSON.stringify(row)])),
    loadBalancers: new Map(service.loadBalancers().map((row) => [row.name, JSON.stringify(row)])),
  });
  let before = rows();
  const onActivity = () => {
    recorded = true;
    onNews();
  };
  recordings.on('activity', onActivity);
  return {
    take: () => {
      const now = rows();
      const was = before;
      before = now;
      const isRecorded = recorded;
      recorded = false;
      return {
        groups: service.groups().filter(({ name }) => now.groups.get(name) !== was.groups.get(name)),
        goneGroups: [],
        instances: service
          .instances({ limit: 10_000 })
          .items.filter(({ id }) => now.instances.get(id) !== was.instances.get(id)),
        goneInstances: [...was.instances.keys()].filter((id) => !now.instances.has(id)),
        loadBalancers: service
          .loadBalancers()
          .filter(({ name }) => now.loadBalancers.get(name) !== was.loadBalancers.get(name)),
        goneLoadBalancers: [],
        fleet: null,
        recorded: isRecorded,
      };
    },
    close: () => recordings.off('activity', onActivity),
  };
}
