import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { DoctorReport } from '../../src/views/doctor.ts';
import { RealFleet } from '../support/fleet.ts';
import { requires } from '../support/requires.ts';

requires('haproxy')('drover doctor', () => {
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });

  it('finds a running fleet well, knows its ports from those of others, and says who has them', async () => {
    fleet = await RealFleet.create({ desiredCapacity: 1 });
    await fleet.start();
    await fleet.settle(1);
    const examine = async (...words: readonly string[]) => {
      const { code, said } = (await fleet?.drover(...words, 'doctor', '--json')) ?? {};
      const report = JSON.parse(said?.slice(0, said.lastIndexOf('}') + 1) ?? '') as DoctorReport;
      const about = (title: string) => report.subjects.find((subject) => subject.title === title)?.findings;
      return { code, about };
    };
    const { fleetFile } = fleet;
    const running = await examine();
    // Called without a file in a folder without one, it looks into the host alone.
    expect(running.about('Fleet file')).toMatchObject([{ level: 'warning' }]);
    const { code, said } = await fleet.drover('doctor', fleetFile);
    expect(said).toMatch(/^ {2}ok {7}The controller of fleet e2e-\d+ runs, pid \d+\.$/m);
    expect(said).toMatch(/^ {2}ok {7}Each port is free, or listened on by this fleet already\.$/m);
    expect(said).toMatch(/^ {2}ok {7}It sees \d+ processes of this host, and has records of 1 server\.$/m);
    expect(code).toBe(0);

    // HAProxy goes on without its controller, and so do its ports.
    await fleet.stopController();
    expect(await fleet.drover('doctor', fleetFile)).toMatchObject({
      code: 0,
      said: expect.stringContaining('listened on by this fleet already'),
    });

    const other = join(fleet.folder, 'other.yaml');
    await writeFile(
      other,
      `fleet: other
loadBalancers: { web: { listeners: [{ port: ${fleet.port}, targetGroup: web }] } }
targetGroups: { web: {} }
autoScalingGroups: { web: { targetGroups: [web], minSize: 0, maxSize: 1, launchTemplate: { provider: process, command: [sleep, "60"] } } }
`,
    );
    const refused = await fleet.drover('--data', join(fleet.folder, 'others-data'), 'doctor', other);
    expect(refused.code).toBe(1);
    expect(refused.said).toContain(`HAProxy cannot listen on 127.0.0.1:${fleet.port}: the HAProxy (pid `);
    expect(refused.said).toContain(`of another fleet listens there, whose data folder is ${fleet.dataDir}`);
    expect(refused.said).toMatch(/drover: 1 error and \d+ warnings? found\.\n$/);
    await fleet.start();
  });
});
