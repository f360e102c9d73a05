import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DroverService, ending } from '../../support/drover-service.ts';

const group = (maxSize: number) => `
  minSize: 1
  maxSize: ${maxSize}
  launchTemplate: { provider: process, command: [sleep, "600"] }
`;

async function maxSize({ client }: DroverService): Promise<number | undefined> {
  return (await client.status()).groups[0]?.maxSize;
}

it('reloads the fleet file on SIGHUP, and goes on when that is refused', async () => {
  const service = await DroverService.create(group(2));
  const controller = await service.run();
  await service.describe(group(3));
  controller.kill('SIGHUP');
  await expect.poll(() => maxSize(service)).toBe(3);
  await service.describe('minSize: many');
  controller.kill('SIGHUP');
  await expect.poll(() => service.output).toContain('SIGHUP: the fleet file was not applied');
  await expect.poll(() => service.output).toContain('fleetFileRefused');
  await service.describe(group(3));
  controller.kill('SIGHUP');
  await expect.poll(() => service.output).toContain('SIGHUP: the fleet file has not changed');
  controller.kill('SIGTERM');
  expect(await ending(controller)).toBe(0);
});

it.each([
  ['SIGHUP', ['nohup']],
  ['SIGINT', ['sh', '-c', 'trap "" INT; exec "$@"', 'sh']],
] as const)('ignores %s where whoever started it did', async (signal, via) => {
  const service = await DroverService.create(group(2));
  const controller = await service.run({ via });
  await service.describe(group(3));
  controller.kill(signal);
  await service.client.setDesiredCapacity('w', 2);
  await expect.poll(() => service.inService()).toBe(2);
  expect(await maxSize(service)).toBe(2);
  controller.kill('SIGTERM');
  expect(await ending(controller)).toBe(0);
});

it('ends in order when its terminal has gone', async () => {
  const service = await DroverService.create(group(2));
  const terminal = await service.run({ via: ['sh', '-c', 'exec script -qec "$*" /dev/null', 'sh'] });
  terminal.kill('SIGKILL');
  await expect.poll(() => service.inService()).toBe(null);
});

it('loses no decision when the reader of its output has gone', async () => {
  const service = await DroverService.create(group(2));
  const controller = await service.run();
  controller.stdout?.destroy();
  controller.stderr?.destroy();
  await service.client.setDesiredCapacity('w', 2);
  await expect.poll(() => service.inService()).toBe(2);
  controller.kill('SIGTERM');
  expect(await ending(controller)).toBe(0);
});

it('loses no decision when its output is on a full disk', async () => {
  const service = await DroverService.create(group(2));
  const full = openSync('/dev/full', 'w');
  const controller = await service.run({ stdout: full });
  closeSync(full);
  await service.client.setDesiredCapacity('w', 2);
  await expect.poll(() => service.inService()).toBe(2);
  controller.kill('SIGTERM');
  expect(await ending(controller)).toBe(0);
});
