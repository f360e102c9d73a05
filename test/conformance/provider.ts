import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placesOf } from '../../src/model/endpoint.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { PortError } from '../../src/ports/errors.ts';
import type { Provider } from '../../src/ports/provider.ts';
import { launchRequest } from '../support/launch-request.ts';

/** What a provider's test brings along: the place where its machines live, and a hand that reaches into it. */
export interface ProviderWorld {
  /** The one that the provider's machines live by. */
  readonly clock: Clock;
  /** Valid settings of a server that runs until it is ended. */
  readonly settings: JsonObject;
  /** The same of one that listens on its port. */
  readonly listening: JsonObject;
  /** Of a provider that gives logs: the same of a server that does what `PRINTING` does. */
  readonly printing?: JsonObject;
  /** How often to try what is awaited, where that is more often than usual: machines that take long to boot. */
  readonly maxTries?: number;
  /** A provider as a controller's start makes it; for the same fleet, the next one after an earlier one. */
  open(fleet: string): Promise<Provider>;
  /** Makes a machine stop behind the provider's back. */
  crash(machine: Machine): Promise<void>;
  /** Of a provider with several places. */
  readonly zones?: ZonesWorld;
  /** Leaves no room for another machine in the zone; null of a provider with one place. */
  fill?(zone: string | null): Promise<void>;
  /** Ends whatever is left and cleans up. */
  dispose(): Promise<void>;
}

export interface ZonesWorld {
  /** Two or more, as the capabilities name them. */
  readonly names: readonly string[];
  /** Of places that can be cut off alone. What runs there goes on, and the provider cannot reach it until it is joined again. */
  cutOff?(zone: string): Promise<void>;
  join?(zone: string): Promise<void>;
}

/** A shell's words for a server that prints three lines, and then one after the other until it is ended. */
export const PRINTING = 'echo one; echo two; echo three; while sleep 0.1; do echo more; done';

/** Of this run alone: a provider knows its machines by their tags, also those of tests that run at the same time. */
const FLEET = `shop-${randomUUID()}`;
const MAX_TRIES = 500;
const TRY_INTERVAL_MS = 20;

/** The contract of `src/ports/provider.ts`, for every implementation, fakes included. */
export function describeProviderConformance(name: string, make: () => Promise<ProviderWorld>): void {
  describe(`provider conformance: ${name}`, () => {
    const { signal } = new AbortController();
    let world: ProviderWorld;
    let provider: Provider;
    let opened: Provider[];

    beforeEach(async () => {
      world = await make();
      opened = [];
      provider = await open();
    });

    afterEach(async () => {
      for (const one of opened) await one.close();
      await world.dispose();
    });

    async function open(fleet = FLEET): Promise<Provider> {
      const one = await world.open(fleet);
      opened.push(one);
      return one;
    }

    function launch(instanceId: string, by: Provider = provider): Promise<Machine> {
      return by.launch(launchRequest(instanceId, { settings: world.settings }), signal);
    }

    function launchIn(zone: string | null, instanceId: string): Promise<Machine> {
      const placement = { zone, instanceType: null };
      return provider.launch(launchRequest(instanceId, { settings: world.settings, placement }), signal);
    }

    async function listed(by: Provider = provider): Promise<readonly string[]> {
      return (await by.list(signal)).machines.map((machine) => machine.instanceId).toSorted();
    }

    /** Tries until it is so; a bound, not a delay. */
    async function eventually(isSo: () => Promise<boolean>): Promise<void> {
      for (let tries = 0; tries < (world.maxTries ?? MAX_TRIES); tries += 1) {
        if (await isSo()) return;
        await world.clock.sleep(TRY_INTERVAL_MS);
      }
      expect.fail('it never came to be');
    }

    async function terminateUntilGone(machineId: string, by: Provider = provider): Promise<void> {
      await eventually(async () => {
        const error = await by.terminate(machineId, signal).catch((reason: unknown) => reason);
        if (error === undefined) return false;
        expect(error).toMatchObject({ reaction: 'NotFound' });
        return true;
      });
    }

    describe('launch', () => {
      it('gives a machine with its tags', async () => {
        const machine = await launch('i-1');
        expect(machine).toMatchObject({ instanceId: 'i-1', group: 'web' });
        expect(machine.launchedAt).toBeGreaterThan(0);
      });

      it('gives the same machine for the same id, one call after the other', async () => {
        const first = await launch('i-1');
        const second = await launch('i-1');
        expect(second.id).toBe(first.id);
        expect(second.addresses).toEqual(first.addresses);
        expect(await listed()).toEqual(['i-1']);
      });

      it('gives the same machine for the same id, calls at once', async () => {
        const machines = await Promise.all(Array.from({ length: 5 }, () => launch('i-1')));
        expect(new Set(machines.map(({ id }) => id)).size).toBe(1);
        expect(await listed()).toEqual(['i-1']);
      });

      it('gives the same machine for the same id to the next controller', async () => {
        const first = await launch('i-1');
        await provider.close();
        const next = await open();
        const second = await launch('i-1', next);
        expect(second.id).toBe(first.id);
        expect(second.addresses).toEqual(first.addresses);
        expect(await listed(next)).toEqual(['i-1']);
      });

      it('gives different machines and addresses for different ids', async () => {
        const ids = Array.from({ length: 8 }, (_, index) => `i-${index}`);
        const machines = await Promise.all(ids.map((id) => launch(id)));
        expect(new Set(machines.map(({ id }) => id)).size).toBe(ids.length);
        expect(new Set(machines.map(({ id }) => id)).size).toBe(ids.length);
        const places = async () => (await provider.list(signal)).machines.flatMap(placesOf);
        await eventually(async () => (await places()).length >= ids.length);
        expect(new Set(await places()).size).toBe((await places()).length);
      });

      it('does not start a machine again that has stopped', async () => {
        const machine = await launch('i-1');
        await world.crash(machine);
        await eventually(async () => (await provider.list(signal)).machines[0]?.state === 'stopped');
        expect(await launch('i-1')).toMatchObject({ id: machine.id, state: 'stopped' });
      });
    });

    describe('list', () => {
      it('is empty at first', async () => {
        expect((await provider.list(signal)).machines).toEqual([]);
      });

      it('names the tags that launch gave, and the address once it has one', async () => {
        const machine = await launch('i-1');
        await eventually(async () => (await provider.list(signal)).machines[0]?.state === 'running');
        const { id, instanceId, group, launchedAt } = machine;
        expect((await provider.list(signal)).machines[0]).toMatchObject({ id, instanceId, group, launchedAt });
        await eventually(async () => ((await provider.list(signal)).machines[0]?.addresses.length ?? 0) > 0);
      });

      it('says where a server is reached once it listens', async () => {
        const settings = world.listening;
        await provider.launch(launchRequest('i-1', { serves: true, settings }), signal);
        await eventually(async () => (await provider.list(signal)).machines.flatMap(placesOf).length > 0);
      });

      it('has machines that stopped, until they are terminated', async () => {
        const [first] = await Promise.all([launch('i-1'), launch('i-2')]);
        await world.crash(first);
        await eventually(async () => (await provider.list(signal)).machines.some(({ state }) => state === 'stopped'));
        const stopped = (await provider.list(signal)).machines.find(({ id }) => id === first.id);
        expect(stopped).toMatchObject({ instanceId: 'i-1', state: 'stopped' });
        expect(stopped?.detail).not.toBe('');
        await terminateUntilGone(first.id);
        expect(await listed()).toEqual(['i-2']);
      });

      it('has what an earlier controller launched, still running', async () => {
        const machine = await launch('i-1');
        const reached = async () => {
          const [listed] = (await provider.list(signal)).machines;
          return listed?.state === 'running' ? listed.addresses : [];
        };
        await eventually(async () => (await reached()).length > 0);
        const addresses = await reached();
        await provider.close();
        const [adopted] = (await (await open()).list(signal)).machines;
        expect(adopted).toMatchObject({ id: machine.id, instanceId: 'i-1', group: 'web', state: 'running' });
        expect(adopted?.addresses).toEqual(addresses);
      });
    });

    describe('terminate', () => {
      it('ends a machine, and says NotFound from then on', async () => {
        const machine = await launch('i-1');
        await launch('i-2');
        await terminateUntilGone(machine.id);
        await expect(provider.terminate(machine.id, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
        expect(await listed()).toEqual(['i-2']);
      });

      it('can be asked for several times at once', async () => {
        const machine = await launch('i-1');
        const calls = await Promise.allSettled([1, 2, 3].map(() => provider.terminate(machine.id, signal)));
        for (const call of calls) {
          if (call.status === 'rejected') expect(call.reason).toMatchObject({ reaction: 'NotFound' });
        }
        await terminateUntilGone(machine.id);
        expect(await listed()).toEqual([]);
      });

      it('ends what an earlier controller launched', async () => {
        const machine = await launch('i-1');
        await provider.close();
        const next = await open();
        await terminateUntilGone(machine.id, next);
        expect(await listed(next)).toEqual([]);
      });

      it('says NotFound of a machine that never was', async () => {
        const error = await provider.terminate('i-unknown', signal).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(PortError);
        expect(error).toMatchObject({ reaction: 'NotFound' });
      });
    });

    it("neither lists nor ends another fleet's machines", async () => {
      const machine = await launch('i-1');
      const other = await open(`${FLEET}-too`);
      expect(await listed(other)).toEqual([]);
      await expect(other.terminate(machine.id, signal)).rejects.toMatchObject({ reaction: 'NotFound' });
      await launch('i-2', other);
      expect(await listed()).toEqual(['i-1']);
      expect(await listed(other)).toEqual(['i-2']);
    });

    it('rejects calls whose signal has aborted', async () => {
      const machine = await launch('i-1');
      const aborted = AbortSignal.abort();
      const request = launchRequest('i-2', { serves: true, settings: world.settings });
      await expect(provider.launch(request, aborted)).rejects.toBeInstanceOf(PortError);
      await expect(provider.list(aborted)).rejects.toBeInstanceOf(PortError);
      await expect(provider.terminate(machine.id, aborted)).rejects.toBeInstanceOf(PortError);
    });

    it('survives a call that was aborted in the middle', async () => {
      const abort = new AbortController();
      const request = launchRequest('i-1', { serves: true, settings: world.settings });
      const call = provider.launch(request, abort.signal);
      abort.abort();
      await expect(call).rejects.toBeInstanceOf(PortError);
      const machine = await launch('i-1');
      expect(await listed()).toEqual(['i-1']);
      await terminateUntilGone(machine.id);
    });

    it('says NoCapacity where there is no room, and has made nothing', async ({ skip }) => {
      const { fill, zones } = world;
      if (fill === undefined) return skip('nothing can take its room away');
      const [full = null, other] = zones?.names ?? [];
      const kept = await launchIn(full, 'i-1');
      await fill.call(world, full);
      await expect(launchIn(full, 'i-2')).rejects.toMatchObject({ reaction: 'NoCapacity' });
      expect(await listed()).toEqual(['i-1']);
      // A machine that is there needs no more room.
      expect((await launchIn(full, 'i-1')).id).toBe(kept.id);
      if (other === undefined) return;
      expect(await launchIn(other, 'i-3')).toMatchObject({ zone: other });
      expect(await listed()).toEqual(['i-1', 'i-3']);
    });

    describe('logs', () => {
      async function printing(): Promise<{ readonly machine: Machine; readonly logs: NonNullable<Provider['logs']> }> {
        const settings = world.printing ?? expect.fail('it has no server that prints');
        const machine = await provider.launch(launchRequest('i-1', { settings }), signal);
        const logs = provider.logs?.bind(provider) ?? expect.fail('it gives no logs');
        const read = async () =>
          (await allOf(logs(machine.id, { lines: 100, follow: false }, signal))).includes('three');
        await eventually(read);
        return { machine, logs };
      }

      async function allOf(lines: AsyncIterable<string>): Promise<readonly string[]> {
        const all: string[] = [];
        for await (const line of lines) all.push(line);
        return all;
      }

      it('are what a machine has printed, the last lines of it', async ({ skip }) => {
        if (world.printing === undefined) skip('it gives none');
        const { machine, logs } = await printing();
        const lines = await allOf(logs(machine.id, { lines: 100, follow: false }, signal));
        expect(lines.slice(0, 3)).toEqual(['one', 'two', 'three']);
        expect((await allOf(logs(machine.id, { lines: 2, follow: false }, signal))).length).toBe(2);
      });

      it('go on with what comes, until nobody reads any more', async ({ skip }) => {
        if (world.printing === undefined) skip('it gives none');
        const { machine, logs } = await printing();
        const stop = new AbortController();
        const seen: string[] = [];
        for await (const line of logs(machine.id, { lines: 0, follow: true }, stop.signal)) {
          seen.push(line);
          if (seen.length === 3) stop.abort();
        }
        expect(seen.slice(0, 3)).toEqual(['more', 'more', 'more']);
        for await (const line of logs(machine.id, { lines: 1, follow: true }, signal)) {
          expect(line).toBe('more');
          break;
        }
      });

      it('end with their machine', async ({ skip }) => {
        if (world.printing === undefined) skip('it gives none');
        const { machine, logs } = await printing();
        const followed = allOf(logs(machine.id, { lines: 100, follow: true }, signal));
        await terminateUntilGone(machine.id);
        expect((await followed).slice(0, 3)).toEqual(['one', 'two', 'three']);
      });

      it('say NotFound of a machine that never was', async ({ skip }) => {
        if (world.printing === undefined) skip('it gives none');
        const { machine, logs } = await printing();
        const other = machine.id.replaceAll('i-1', 'i-2');
        const read = allOf(logs(other, { lines: 1, follow: false }, signal));
        await expect(read).rejects.toMatchObject({ reaction: 'NotFound' });
      });
    });

    describe('zones', () => {
      it('have each machine where it was asked for', async ({ skip }) => {
        const zones = world.zones?.names ?? skip('it has one place');
        const ids = zones.map((_, index) => `i-${index}`);
        const launched = await Promise.all(zones.map((zone, index) => launchIn(zone, `i-${index}`)));
        expect(launched.map(({ zone }) => zone)).toEqual(zones);
        const { machines, unseenZones } = await provider.list(signal);
        const zoneOf = new Map(machines.map(({ instanceId, zone }) => [instanceId, zone]));
        expect(ids.map((id) => zoneOf.get(id))).toEqual(zones);
        expect(unseenZones.size).toBe(0);
      });

      it('are named while they cannot be seen, the others go on, and what ran there is found again', async ({
        skip,
      }) => {
        const { names, cutOff, join } = world.zones ?? skip('it has one place');
        const [first, second] = names;
        if (cutOff === undefined || join === undefined || first === undefined || second === undefined)
          return skip('its zones are seen together or not at all');
        const hidden = await launchIn(first, 'i-1');
        const seen = await launchIn(second, 'i-2');
        await cutOff.call(world.zones, first);
        await eventually(async () => (await provider.list(signal)).unseenZones.has(first));
        // Also for a controller that has never seen it.
        for (const one of [provider, await open()]) {
          const list = await one.list(signal);
          expect([...list.unseenZones.keys()]).toEqual([first]);
          expect(list.unseenZones.get(first)).not.toBe('');
          expect(list.machines.map(({ instanceId }) => instanceId)).toEqual(['i-2']);
        }
        await expect(launchIn(first, 'i-3')).rejects.toMatchObject({ reaction: 'Transient' });
        // NotFound would say that nothing of it is left.
        await expect(provider.terminate(hidden.id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
        await terminateUntilGone(seen.id);
        await join.call(world.zones, first);
        await eventually(async () => (await provider.list(signal)).unseenZones.size === 0);
        // A launch that failed for want of an answer may have taken effect.
        expect(await listed()).toContain('i-1');
        expect((await launchIn(first, 'i-1')).id).toBe(hidden.id);
        await terminateUntilGone(hidden.id);
      });
    });

    it('lets go of a watcher', async () => {
      let calls = 0;
      const stop = provider.watch(() => {
        calls += 1;
      });
      stop();
      await world.crash(await launch('i-1'));
      await eventually(async () => (await provider.list(signal)).machines[0]?.state === 'stopped');
      expect(calls).toBe(0);
    });
  });
}
