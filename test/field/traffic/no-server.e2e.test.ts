import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { ask } from '../../support/request.ts';
import { requires } from '../../support/requires.ts';

const DOCS = join(import.meta.dirname, '../../../docs/reliability.md');

/** Boots until it is told that it may go on. */
const SLOW = `
  const { existsSync } = require('fs');
  const wait = setInterval(() => {
    if (!existsSync('booted')) return;
    clearInterval(wait);
    require('http').createServer((_, answer) => answer.end()).listen(process.env.PORT, process.env.HOST);
  }, 20);`;

requires('haproxy')('a target group without a server', () => {
  it('answers 503 until its first server has booted, and nothing but 200 from then on', async () => {
    const fleet = await RealFleet.create({
      minSize: 0,
      maxSize: 1,
      desiredCapacity: 0,
      command: [process.execPath, '-e', SLOW],
      healthCheckGracePeriod: '60s',
    });
    onTestFinished(() => fleet.end());
    await fleet.start();
    const answers: number[] = [];
    const request = async () => {
      const { status } = await ask({ port: fleet.port });
      answers.push(status);
      return status;
    };
    await fleet.until('HAProxy answers', () =>
      request().then(
        () => true,
        () => false,
      ),
    );
    await fleet.client.setDesiredCapacity('hello', 1);
    const isBooting = async () => (await fleet.instances()).some(({ state }) => state === 'booting');
    await fleet.until('the server boots', isBooting);
    for (let count = 0; count < 10; count += 1) expect(await request()).toBe(503);
    await writeFile(join(fleet.folder, 'booted'), '');
    await fleet.until('the server answers', async () => (await request()) === 200);
    for (let count = 0; count < 10; count += 1) await request();
    expect(new Set(answers)).toEqual(new Set([503, 200]));
    expect(answers.lastIndexOf(503)).toBeLessThan(answers.indexOf(200));
    expect(await readFile(DOCS, 'utf8')).toContain('The first requests to a group without a server get 503');
  });

  it('is none that a person makes without force', async () => {
    const fleet = await RealFleet.create({ minSize: 1, maxSize: 1, desiredCapacity: 1, deregistrationDelay: '1s' });
    onTestFinished(() => fleet.end());
    await fleet.start();
    const [server] = await fleet.settle(1);
    const id = server?.id ?? '';
    await expect(fleet.client.drainInstance(id, false)).rejects.toMatchObject({ code: 'lastServer' });
    await expect(fleet.client.terminateInstance(id, false)).rejects.toMatchObject({ code: 'lastServer' });
    expect((await fleet.settle(1))[0]?.id).toBe(id);
    await fleet.client.drainInstance(id, true);
    await fleet.untilActivity('operatorDrain');
  });
});
