import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { DockerEngine } from '../../support/docker-engine.ts';
import { DockerWorld } from '../../support/docker-world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';
import { processesWith } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';
import { SshGate } from '../../support/ssh-gate.ts';

requires('docker')('an engine', () => {
  requires('sshd')('that is reached by ssh', () => {
    const { signal } = new AbortController();
    const path = process.env.PATH;
    let engine: DockerEngine;
    let gate: SshGate;
    let world: DockerWorld;
    let provider: Provider;

    beforeAll(async () => {
      engine = await DockerEngine.start();
      gate = await SshGate.open({ DOCKER_HOST: engine.host });
      // Drover uses the user's own ssh, and so does its configuration: this one's is of the test's.
      process.env.PATH = `${gate.programs}:${path}`;
      world = new DockerWorld([engine], { publishedPorts: [80] }, [{ engine: `ssh://${gate.destination}` }]);
      provider = await world.open('shop');
    });
    afterAll(async () => {
      process.env.PATH = path;
      await world.dispose();
      await engine.dispose();
      await gate.dispose();
    });

    const launch = (id: string) => provider.launch(launchRequest(id, { settings: world.settings }), signal);
    const said = async () => (await world.diagnose()).map(({ message }) => message).join('\n');

    it('has servers as any other: they are launched, listed, followed and ended', async () => {
      let events = 0;
      const stop = provider.watch(() => {
        events += 1;
      });
      const ids = ['i-1', 'i-2', 'i-3', 'i-4'];
      const machines = await Promise.all(ids.map((id) => launch(id)));
      expect(machines.map(({ addresses, ports }) => [addresses, ports?.length])).toEqual(
        ids.map(() => [['127.0.0.1'], 1]),
      );
      expect((await provider.list(signal)).machines).toHaveLength(ids.length);
      expect(await said()).toMatch(/is reached: version/);
      const before = events;
      await engine.kill('drover.shop.i-1');
      await expect.poll(() => events).toBeGreaterThan(before);
      await expect
        .poll(async () => (await provider.list(signal)).machines.find(({ instanceId }) => instanceId === 'i-1'))
        .toMatchObject({ state: 'stopped', detail: 'it was killed (exit code 137)' });
      stop();
      await Promise.all(machines.map(({ id }) => terminated(provider, id)));
      expect(await engine.containers()).toEqual([]);
    });

    it('cannot be seen while ssh does not come through, and is found as it was', async () => {
      const machine = await launch('i-1');
      await gate.close();
      await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
      await expect(launch('i-2')).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
      await expect(provider.terminate(machine.id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
      expect(await said()).toMatch(/cannot be reached .*Connection refused/);
      await gate.open();
      expect((await provider.list(signal)).machines).toMatchObject([{ id: machine.id, state: 'running' }]);
      await terminated(provider, machine.id);
    });

    it('has no ssh of ours left once nobody uses it', async () => {
      const other = await world.open('other');
      await Promise.all(['i-1', 'i-2'].map(() => other.list(signal)));
      const clients = async () =>
        (await processesWith(gate.programs)).filter(({ commandLine }) => commandLine.includes('dial-stdio'));
      expect(await clients()).not.toEqual([]);
      await other.close();
      await provider.close();
      await expect.poll(clients).toEqual([]);
      provider = await world.open('shop');
    });

    it('that does not run behind ssh is unreachable, too', async () => {
      await engine.stopDaemon();
      await expect(provider.list(signal)).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
      await engine.startDaemon();
      expect((await provider.list(signal)).machines).toEqual([]);
    });

    it('is not trusted with another key than the known one, and says what to do', async () => {
      await gate.forgetHost();
      const refused = { reaction: 'Unauthorized', code: 'ssh', message: expect.stringMatching(/known_hosts/) };
      await expect((await world.open('shop')).list(signal)).rejects.toMatchObject(refused);
      expect(await said()).toMatch(/Host key verification failed.*known_hosts/);
    });
  });

  requires('sshd')('that lets no key in', () => {
    it('is Unauthorized, and says what to do', async () => {
      const path = process.env.PATH;
      const gate = await SshGate.open();
      await gate.refuseKeys();
      process.env.PATH = `${gate.programs}:${path}`;
      const world = new DockerWorld([], {}, [{ engine: `ssh://${gate.destination}` }]);
      try {
        const { signal } = new AbortController();
        const refused = { reaction: 'Unauthorized', code: 'ssh', message: expect.stringMatching(/without questions/) };
        await expect((await world.open('shop')).list(signal)).rejects.toMatchObject(refused);
        expect(await world.diagnose()).toMatchObject([
          { level: 'error', message: expect.stringMatching(/Permission denied/) },
        ]);
      } finally {
        process.env.PATH = path;
        await world.dispose();
        await gate.dispose();
      }
    });
  });
});
