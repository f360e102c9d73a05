import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/json.ts';
import type { Provider } from '../../src/ports/provider.ts';
import type { DockerWorld } from './docker-world.ts';
import { settings } from './docker-world.ts';
import { launchRequest } from './launch-request.ts';
import { terminated } from './process-world.ts';

/** What users of Docker and of Podman have met elsewhere: the same for both engines. */
export function describeEngineInTheField(
  world: () => DockerWorld,
  docker: (...args: readonly string[]) => Promise<string>,
  template: JsonObject = {},
): void {
  const { signal } = new AbortController();
  const launch = (provider: Provider, id: string, written: JsonObject = {}) =>
    provider.launch(launchRequest(id, { settings: settings({ ...template, ...written }) }), signal);
  const listed = async (provider: Provider) => (await provider.list(signal)).machines;

  it.each([
    ['killed', ['kill']],
    ['removed', ['rm', '--force']],
    ['paused', ['pause']],
  ])('tells at once that a server was %s', async (_, command) => {
    const provider = await world().open('shop');
    const machine = await launch(provider, 'i-1');
    let events = 0;
    const stop = provider.watch(() => {
      events += 1;
    });
    // Connected, it has called for that, and for what was listed before.
    await expect.poll(() => events).toBeGreaterThan(0);
    const before = events;
    await docker(...command, machine.id);
    await expect.poll(() => events, { timeout: 4_000 }).toBeGreaterThan(before);
    stop();
    await terminated(provider, machine.id);
    await provider.close();
  });

  it('has a server that was paused as one that runs, and terminates it all the same', async () => {
    const provider = await world().open('shop');
    const machine = await launch(provider, 'i-1');
    await docker('pause', machine.id);
    expect(await listed(provider)).toMatchObject([{ state: 'running', detail: 'the container is paused' }]);
    await terminated(provider, machine.id);
    expect(await listed(provider)).toEqual([]);
    await provider.close();
  });

  it('makes a server anew whose container was removed before it was started', async () => {
    const provider = await world().open('shop');
    const machine = await launch(provider, 'i-1');
    await docker('rm', '--force', machine.id);
    expect(await launch(provider, 'i-1')).toMatchObject({ id: machine.id, state: 'running' });
    await terminated(provider, machine.id);
    await provider.close();
  });
}
