import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { expect, it, onTestFinished } from 'vitest';
import type { StoredActivity } from '../../src/model/activity.ts';
import { DroverService, ending } from '../support/drover-service.ts';
import { kill } from '../support/processes.ts';
import { HttpReceiver } from '../support/receivers.ts';

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

/** Lines of the fleet file of one group, with the receiver beside it. */
const GROUP = `
  minSize: 1
  maxSize: 2
  launchTemplate: { provider: process, command: [sleep, "600"] }`;

it('each activity comes to a webhook in its order and none is missing, through a killed server and two killed controllers', async () => {
  const receiver = await HttpReceiver.open();
  onTestFinished(() => receiver.close());
  const service = await DroverService.create(GROUP);
  await mkdir(join(service.folder, 'secrets'));
  await writeFile(join(service.folder, 'secrets', 'url'), `${receiver.url('/s3cret')}\n`);
  await writeFile(join(service.folder, 'secrets', 'key'), `${SECRET}\n`);
  await service.describe(GROUP, [
    'notifications:',
    '  hook: { type: webhook, level: info, url: { file: secrets/url }, secret: { file: secrets/key } }',
  ]);

  const taken = new Map<string, readonly StoredActivity[]>();
  let isDown = false;
  receiver.answer = ({ headers, body }) => {
    if (isDown) return { status: 503, body: 'down' };
    const { data } = new Webhook(SECRET).verify(body, headers as Record<string, string>) as {
      data: { activities: readonly StoredActivity[] };
    };
    taken.set(String(headers['webhook-id']), data.activities);
    return { status: 204 };
  };
  const sequences = () => [...taken.values()].flat().map(({ sequence }) => sequence);
  const reasons = () => [...taken.values()].flat().map(({ reason }) => reason);

  const servers = async () => (await service.client.status()).groups[0]?.instances ?? [];
  /** Out and in again, so that there is something to tell. */
  const scale = async () => {
    await service.client.setDesiredCapacity('w', 2);
    await expect.poll(() => service.inService()).toBe(2);
    await service.client.setDesiredCapacity('w', 1);
    await expect.poll(async () => (await servers()).length).toBe(1);
  };

  const first = await service.run();
  const [killed] = await servers();
  kill(Number(/pid (\d+)/.exec(killed?.machineDetail ?? '')?.[1]));
  await expect.poll(reasons).toContain('machineStopped');
  await expect
    .poll(async () => (await servers()).some(({ id, state }) => id !== killed?.id && state === 'inService'))
    .toBe(true);

  await service.client.testNotification('hook');
  expect(JSON.parse(receiver.received.at(-1)?.body ?? '{}')).toMatchObject({ type: 'drover.test' });
  expect(await service.client.notifications()).toMatchObject([{ name: 'hook', state: 'working' }]);

  // The receiver is away when the controller dies, and when the next one dies.
  isDown = true;
  await scale();
  first.kill('SIGKILL');
  await ending(first);
  const second = await service.run();
  await scale();
  second.kill('SIGKILL');
  await ending(second);
  isDown = false;
  await service.run();
  await expect
    .poll(async () => {
      const recorded = await service.client.activities({ limit: 500 });
      const begin = sequences()[0] ?? 0;
      const wanted = recorded.map(({ sequence }) => sequence).filter((sequence) => sequence >= begin);
      return JSON.stringify(sequences()) === JSON.stringify(wanted) && wanted.length > 5;
    })
    .toBe(true);
  expect(service.output).not.toContain('s3cret');
});
