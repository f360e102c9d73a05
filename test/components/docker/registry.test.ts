import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { DockerEngine, TINY_WEB } from '../../support/docker-engine.ts';
import { DockerRegistry, PASSWORD, USERNAME } from '../../support/docker-registry.ts';
import { DockerWorld, settings } from '../../support/docker-world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { requires } from '../../support/requires.ts';

requires('docker')('an image', () => {
  requires('dockerRegistry')('of a registry that asks for a password', () => {
    const { signal } = new AbortController();
    let engine: DockerEngine;
    let registry: DockerRegistry;
    let image: string;
    let world: DockerWorld;
    let provider: Provider;
    let password: string;

    beforeAll(async () => {
      engine = await DockerEngine.start();
      registry = await DockerRegistry.start();
      image = await registry.push(engine, TINY_WEB, 'shop/web:1');
      password = join(registry.folder, 'password');
      world = new DockerWorld([engine]);
      provider = await world.open('shop');
    });
    beforeEach(async () => {
      await registry.resume();
      await engine.clear();
      await engine.docker('rmi', '--force', image).catch(() => undefined);
      await writeFile(password, `${PASSWORD}\n`, { mode: 0o600 });
    });
    afterAll(async () => {
      await world.dispose();
      await engine.dispose();
      await registry.dispose();
    });

    const launch = (id: string, written: JsonObject = {}) => {
      const registryLogin = { username: USERNAME, password: { file: password } };
      const all = settings({ image, pull: 'missing', registryLogin, ...written });
      return provider.launch(launchRequest(id, { settings: all }), signal);
    };
    const withoutLogin = (id: string, written: JsonObject = {}) =>
      provider.launch(launchRequest(id, { settings: settings({ image, pull: 'missing', ...written }) }), signal);
    const imageOf = async (id: string) =>
      (await engine.docker('inspect', '--format', '{{.Image}}', `drover.shop.${id}`)).trim();

    it('is pulled with the login where it is missing, and then no more', async () => {
      const machines = await Promise.all(['i-1', 'i-2', 'i-3'].map((id) => launch(id)));
      expect(machines.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
      await registry.stop();
      expect(await launch('i-4')).toMatchObject({ state: 'running' });
      // Neither does a launch that is asked for again need what it was made of.
      await engine.docker('rmi', '--force', image);
      expect(await launch('i-1')).toMatchObject({ state: 'running' });
    });

    it('that is pulled always is the one that the registry has now', async () => {
      await launch('i-1', { pull: 'always' });
      await engine.docker('import', '--change', 'CMD ["/bin/serve"]', '--message', 'newer', ...(await exported()));
      await registry.push(engine, 'newer:1', 'shop/web:1');
      await launch('i-2', { pull: 'missing' });
      expect(await imageOf('i-2')).not.toBe(await imageOf('i-1'));
      await registry.push(engine, TINY_WEB, 'shop/web:1');
      await launch('i-3', { pull: 'always' });
      expect(await imageOf('i-3')).toBe(await imageOf('i-1'));
      // One that was made is not made anew, whatever the registry has.
      await registry.stop();
      expect(await launch('i-2', { pull: 'always' })).toMatchObject({ state: 'running' });
      await expect(launch('i-4', { pull: 'always' })).rejects.toMatchObject({ reaction: 'Transient', code: 'pull' });
    });

    it('is Unauthorized with a wrong password, and pulled once that is put right', async () => {
      await writeFile(password, 'wrong\n', { mode: 0o600 });
      const refused = {
        reaction: 'Unauthorized',
        code: 'registryLogin',
        message: expect.stringMatching(/registryLogin/),
      };
      await expect(launch('i-1')).rejects.toMatchObject(refused);
      await expect(withoutLogin('i-1')).rejects.toMatchObject(refused);
      expect(await engine.containers()).toEqual([]);
      await writeFile(password, `${PASSWORD}\n`, { mode: 0o600 });
      expect(await launch('i-1')).toMatchObject({ state: 'running' });
    });

    it('says what is wrong with the password itself, and never shows it', async () => {
      await expect(
        launch('i-1', { registryLogin: { username: USERNAME, password: { file: '/nonexistent/password' } } }),
      ).rejects.toMatchObject({
        reaction: 'Unauthorized',
        code: 'secret',
        message: expect.stringContaining('/nonexistent/password'),
      });
      await writeFile(password, 'hunter2\n', { mode: 0o600 });
      const error: unknown = await launch('i-1').catch((reason: unknown) => reason);
      expect(String(error)).not.toContain('hunter2');
    });

    it.each([
      ['a tag that is not there', 'shop/web:nothing'],
      ['a name that is not there', 'shop/nothing:1'],
    ])('is Invalid when it is %s', async (_, name) => {
      const missing = { reaction: 'Invalid', code: 'noImage', message: expect.stringMatching(/push it/) };
      await expect(launch('i-1', { image: `${registry.host}/${name}` })).rejects.toMatchObject(missing);
      await expect(launch('i-1', { image: `${registry.host}/${name}`, pull: 'always' })).rejects.toMatchObject(missing);
      expect(await engine.containers()).toEqual([]);
    });

    it('is not pulled where that is forbidden', async () => {
      const missing = { reaction: 'Invalid', code: 'noImage', message: expect.stringMatching(/pull is never/) };
      await expect(launch('i-1', { pull: 'never' })).rejects.toMatchObject(missing);
      expect(await engine.docker('images', '--quiet', image)).toBe('');
    });

    it('is Transient while the registry does not answer', async () => {
      await registry.stop();
      await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient', code: 'pull' });
      expect(await engine.containers()).toEqual([]);
    });

    /** A copy of the image with another id. */
    async function exported(): Promise<readonly string[]> {
      const archive = join(registry.folder, 'image.tar');
      await engine.docker('create', '--name', 'copied', TINY_WEB);
      await engine.docker('export', '--output', archive, 'copied');
      await engine.docker('rm', 'copied');
      return [archive, 'newer:1'];
    }
  });
});
