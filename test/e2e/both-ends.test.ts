import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { requires } from '../support/requires.ts';

let fleet: RealFleet | null = null;
afterEach(async () => {
  await fleet?.end();
  fleet = null;
});

requires('haproxy')("both ends of a server's life", () => {
  it('asks a new server before HAProxy knows of it, and runs the command for a drained one before it is terminated', async () => {
    const group = 'probeBeforeRegistration: true\n    terminationCommand: { command: [./flush.sh], timeout: 5s }';
    const running = await RealFleet.create({ desiredCapacity: 2, deregistrationDelay: '1s', group });
    fleet = running;
    const script = join(running.folder, 'flush.sh');
    // It reaches the server that it is run for.
    const asks = 'code=$(curl -s -o /dev/null -w "%{http_code}" "http://$DROVER_ADDRESS:$DROVER_PORT/health")';
    await writeFile(
      script,
      `#!/bin/sh\n${asks}\necho "$DROVER_INSTANCE_ID $DROVER_GROUP $DROVER_REASON $code" >>flushed\n`,
    );
    await chmod(script, 0o755);
    await running.start();
    await running.settle(2);
    const reasons = (await running.activities()).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'registered')).toHaveLength(2);
    await writeFile(running.desiredFile, '1\n');
    await running.settle(1);
    const [line = '', ...more] = (await readFile(join(running.folder, 'flushed'), 'utf8')).trim().split('\n');
    expect(more).toEqual([]);
    expect(line).toMatch(/^i-[0-9a-f]{17} hello too many servers 200$/);
    const [id] = line.split(' ');
    const ofServer = (await running.activities())
      .filter(({ instanceId }) => instanceId === id)
      .map(({ reason }) => reason);
    expect(ofServer.indexOf('drained')).toBeLessThan(ofServer.indexOf('terminationCommand'));
    expect(ofServer.indexOf('terminationCommand')).toBeLessThan(ofServer.indexOf('terminated'));
  });
});
