import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PRINTING } from '../conformance/provider.ts';
import { DroverService, ending } from '../support/drover-service.ts';

const DROVER = join(import.meta.dirname, '..', '..', 'bin', 'drover');

it('drover logs follows a real server, and ends with its controller at the latest', async () => {
  const command = JSON.stringify(['sh', '-c', PRINTING]);
  const service = await DroverService.create(`
    minSize: 1
    maxSize: 2
    launchTemplate: { provider: process, command: ${command} }`);
  const controller = await service.run();
  const start = (...words: readonly string[]) => {
    const child = spawn(DROVER, ['logs', 'w', ...words], { cwd: service.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const printed: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => printed.push(String(text)));
    return { child, said: () => printed.join('') };
  };

  const listed = start('--lines', '1000');
  await once(listed.child, 'exit');
  expect(listed.said()).toMatch(/^i-[0-9a-f]{17} {2}one\ni-[0-9a-f]{17} {2}two\n/);

  const followed = start('--follow', '--lines', '0');
  await expect.poll(() => followed.said().split('more').length).toBeGreaterThan(3);
  controller.kill('SIGTERM');
  expect(await ending(controller)).toBe(0);
  expect(await ending(followed.child)).toBe(1);
  expect(followed.said()).toContain('did not answer');
});
