import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { requires } from '../support/requires.ts';

const SERVERS = 3;

requires('faketime')("a host's clock that is set", () => {
  let folder: string;
  let fleet: RealFleet | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-clock-'));
  });

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  /** Sets the clock of the controller, of HAProxy and of the servers. */
  const setClock = (offset: string) => writeFile(join(folder, 'clock'), `${offset}\n`);

  async function begin(): Promise<RealFleet> {
    await setClock('+0');
    const { stdout } = await promisify(execFile)('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']);
    const environment = {
      LD_PRELOAD: stdout.trim(),
      FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
      FAKETIME_NO_CACHE: '1',
      // Nobody can set the monotonic clock of a real host either.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
    fleet = await RealFleet.create({ desiredCapacity: SERVERS, deregistrationDelay: '20s', environment });
    await fleet.start();
    await fleet.settle(SERVERS);
    return fleet;
  }

  it('cuts no drain short, in either direction', async () => {
    const fleet = await begin();
    for (const offset of ['+2h', '+0']) {
      const slow = Array.from({ length: 2 * SERVERS }, () => fetch(`${fleet.url}/slow?ms=5000`));
      await fleet.until('each server has a request', async () =>
        (await fleet.inService()).every(({ targets }) => (targets[0]?.openRequests ?? 0) > 0),
      );
      await fleet.client.setDesiredCapacity('hello', 1);
      await fleet.until('all but one are drained', async () =>
        (await fleet.instances()).every(
          ({ state, targets }) => state === 'inService' || targets[0]?.health === 'draining',
        ),
      );
      const { sequence } = (await fleet.activities()).at(-1) ?? { sequence: 0 };
      await setClock(offset);
      await fleet.untilActivity('clockChanged', sequence);
      expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(slow.map(() => 200));
      await fleet.settle(1);
      await fleet.client.setDesiredCapacity('hello', SERVERS);
      await fleet.settle(SERVERS);
    }
    const told = (await fleet.activities()).map(({ reason }) => reason);
    expect(told).not.toContain('drainTimedOut');
    expect(told.filter((reason) => reason === 'drained')).toHaveLength(2 * (SERVERS - 1));
  });
});
