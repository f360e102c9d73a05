import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeHetzner, TOKEN } from '../../support/hetzner/fake-api.ts';
import { requires } from '../../support/requires.ts';

const run = promisify(execFile);

requires('hcloud')("clients of Hetzner's API that others wrote", () => {
  let fake: FakeHetzner;

  beforeEach(async () => {
    fake = await FakeHetzner.start();
    fake.project.addSshKey('ops');
  });

  afterEach(async () => {
    await fake.close();
    expect(fake.violations).toEqual([]);
  });

  async function client(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await run(program, args, {
      env: { PATH: env.PATH, HCLOUD_TOKEN: TOKEN, HCLOUD_ENDPOINT: fake.endpoint },
      timeout: 30_000,
    });
    return stdout;
  }

  it('are served by the fake: hcloud', async () => {
    const hcloud = (...args: readonly string[]) => client('hcloud', ...args);
    const options = [
      '--image',
      'debian-13',
      '--type',
      'cx23',
      '--ssh-key',
      'ops',
      '--location',
      'nbg1',
      '--label',
      'app=shop',
    ];
    expect(await hcloud('server', 'create', '--name', 'cli-1', ...options)).toMatch(/Server \d+ created/);
    expect(await hcloud('server', 'list', '--selector', 'app=shop')).toContain('cli-1');
    expect(JSON.parse(await hcloud('server', 'describe', 'cli-1', '-o', 'json'))).toMatchObject({
      status: 'running',
      datacenter: { location: { name: 'nbg1' } },
    });
    await hcloud('placement-group', 'create', '--name', 'spread-1', '--type', 'spread');
    expect(await hcloud('placement-group', 'list')).toContain('spread-1');
    await hcloud('placement-group', 'delete', 'spread-1');
    expect(await hcloud('server', 'poweroff', 'cli-1')).toContain('stopped');
    expect(await hcloud('server', 'delete', 'cli-1')).toContain('deleted');
    await expect.poll(() => fake.project.servers).toEqual([]);
  });

  it('are served by the fake: python3-hcloud', async () => {
    const said = await client('/usr/bin/python3', join(import.meta.dirname, 'clients.py'));
    expect(JSON.parse(said)).toMatchObject({ found: ['py-1'], ip: expect.stringMatching(/^127\./), left: 0 });
  });
});
