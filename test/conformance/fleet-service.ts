import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FleetService } from '../../src/control/service.ts';
import type { StoredActivity } from '../../src/model/activity.ts';
import type { InstanceStateName } from '../../src/model/instance.ts';

/** A fleet of one group with 1 to 10 servers, of which 3 are desired. */
export interface ServiceWorld {
  readonly service: FleetService;
  readonly group: string;
  /** Lets time go by until the answer is there. */
  ask<T>(request: Promise<T>): Promise<T>;
  /** Lets time go by until that is so. @throws where it does not come to that within minutes */
  until(isSo: () => boolean): Promise<void>;
  end(): Promise<void>;
}

/** What every implementation of the service does with what people ask. */
export function fleetServiceConformance(name: string, start: () => Promise<ServiceWorld>): void {
  describe(`FleetService: ${name}`, () => {
    let world: ServiceWorld;
    const group = () => {
      const [first] = world.service.status().groups;
      if (first === undefined) throw new Error('the fleet has no group');
      return first;
    };
    const serving = () => group().instances.filter(({ state }) => state === 'inService');
    const settled = (size: number) => world.until(() => serving().length === size && group().instances.length === size);
    const anId = () => serving()[0]?.id ?? '';
    const stateOf = (id: string): InstanceStateName | undefined =>
      group().instances.find((instance) => instance.id === id)?.state;
    const activities = (query: { readonly afterSequence?: number } = {}) =>
      world.ask(world.service.activities({ group: world.group, limit: 100, ...query }));
    const newest = async () => (await activities()).at(-1)?.sequence ?? 0;
    const reasons = (found: readonly StoredActivity[]) => found.map(({ reason }) => reason);
    const refused = (request: Promise<unknown>, code: string) =>
      expect(world.ask(request)).rejects.toMatchObject({ name: 'ServiceError', code });

    beforeEach(async () => {
      world = await start();
      await settled(3);
    });
    afterEach(() => world.end());

    it('shows the group and its servers', () => {
      expect(group()).toMatchObject({ name: world.group, desired: 3, minSize: 1, maxSize: 10, inService: 3 });
      expect(serving().map(({ lifecycleState, group: of }) => [lifecycleState, of])).toEqual(
        [1, 2, 3].map(() => ['InService', world.group]),
      );
    });

    it('changes the desired capacity, says so once, and brings the group to it', async () => {
      const before = await newest();
      expect(await world.ask(world.service.setDesiredCapacity(world.group, 5))).toEqual({ before: 3, after: 5 });
      expect(group().desired).toBe(5);
      expect(await world.ask(world.service.setDesiredCapacity(world.group, 5))).toEqual({ before: 5, after: 5 });
      const told = reasons(await activities({ afterSequence: before }));
      expect(told.filter((reason) => reason === 'desiredCapacityChanged')).toHaveLength(1);
      await settled(5);
    });

    it.each([0, 11, 2.5])('refuses %d servers, and changes nothing', async (desired) => {
      const before = await newest();
      await refused(world.service.setDesiredCapacity(world.group, desired), 'invalid');
      expect(group().desired).toBe(3);
      expect(reasons(await activities({ afterSequence: before }))).not.toContain('desiredCapacityChanged');
    });

    it.each<readonly [string, (service: FleetService) => Promise<unknown>]>([
      ['set-desired', (service) => service.setDesiredCapacity('nobody', 3)],
      ['explain', (service) => service.explain('nobody')],
      ['resume', (service) => service.resumeLaunch('nobody')],
      ['suspend', (service) => service.suspendProcesses('nobody', ['launch'])],
      ['resume of processes', (service) => service.resumeProcesses('nobody', ['launch'])],
      ['activities', (service) => service.activities({ group: 'nobody', limit: 1 })],
    ])('knows no group that there is not: %s', async (_, ask) => {
      await refused(ask(world.service), 'notFound');
    });

    it('knows no instance that there is not', async () => {
      await refused(world.service.drainInstance('i-nobody', false), 'notFound');
      await refused(world.service.terminateInstance('i-nobody', false), 'notFound');
    });

    it('drains a server and replaces it, once', async () => {
      const id = anId();
      const { waitsFor } = await world.ask(world.service.drainInstance(id, false));
      expect(waitsFor === null || waitsFor.endsWith('.')).toBe(true);
      await world.until(() => stateOf(id) === 'draining');
      await refused(world.service.drainInstance(id, true), 'conflict');
      await world.until(() => stateOf(id) === undefined);
      await settled(3);
      expect(reasons(await activities())).toContain('operatorDrain');
    });

    it('terminates a server at once, also one that is drained, and only once', async () => {
      const id = anId();
      await world.ask(world.service.drainInstance(id, false));
      await world.until(() => stateOf(id) === 'draining');
      await world.ask(world.service.terminateInstance(id, false));
      await world.until(() => stateOf(id) === 'terminating');
      await refused(world.service.terminateInstance(id, true), 'conflict');
      await refused(world.service.drainInstance(id, true), 'conflict');
      await settled(3);
    });

    it('does not end the last server of a target group without force', async () => {
      await world.ask(world.service.setDesiredCapacity(world.group, 1));
      await settled(1);
      const id = anId();
      await refused(world.service.terminateInstance(id, false), 'lastServer');
      expect(stateOf(id)).toBe('inService');
      await world.ask(world.service.terminateInstance(id, true));
      await world.until(() => stateOf(id) !== 'inService');
    });

    it('suspends and resumes processes, and answers with those that are suspended, in their own order', async () => {
      const { service, ask, group: name } = world;
      expect(await ask(service.suspendProcesses(name, ['terminate']))).toEqual(['terminate']);
      expect(await ask(service.suspendProcesses(name, ['launch', 'terminate']))).toEqual(['launch', 'terminate']);
      expect(group().suspendedProcesses).toEqual(['launch', 'terminate']);
      expect(await ask(service.resumeProcesses(name, ['launch', 'healthCheck']))).toEqual(['terminate']);
      const told = reasons(await activities()).filter((reason) => reason.startsWith('process'));
      expect(told).toEqual(['processSuspended', 'processSuspended', 'processResumed']);
    });

    it('refuses to resume launching where nothing waits', async () => {
      await refused(world.service.resumeLaunch(world.group), 'conflict');
    });

    it('explains the size', async () => {
      const { group: size } = await world.ask(world.service.explain(world.group));
      expect(size).toMatchObject({ name: world.group, desired: 3, minSize: 1, maxSize: 10, inService: 3 });
    });

    it('gives the newest activities, and those after a number, in their order', async () => {
      const all = await activities();
      const sequences = all.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      const last = await world.ask(world.service.activities({ group: world.group, limit: 2 }));
      expect(last).toEqual(all.slice(-2));
      const [first] = all;
      const next = await world.ask(
        world.service.activities({ group: world.group, afterSequence: first?.sequence ?? 0, limit: 2 }),
      );
      expect(next).toEqual(all.slice(1, 3));
    });
  });
}
