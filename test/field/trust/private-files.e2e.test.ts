import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { requires } from '../../support/requires.ts';

const OTHERS = 0o077;

requires('haproxy')('a data folder', () => {
  it("has nothing in it that others may open, whatever the user's umask: sockets, records, logs, configuration", async () => {
    const fleet = await RealFleet.create({ minSize: 1, maxSize: 2, desiredCapacity: 1 });
    onTestFinished(() => fleet.end());
    const mask = process.umask(0);
    try {
      await fleet.start();
    } finally {
      process.umask(mask);
    }
    await fleet.settle(1);
    const paths = [
      fleet.dataDir,
      ...(await readdir(fleet.dataDir, { recursive: true })).map((name) => join(fleet.dataDir, name)),
    ];
    // A file that is being replaced may be gone by now.
    const modes = await Promise.all(
      paths.map((path) =>
        stat(path).then(
          ({ mode }) => mode,
          () => 0,
        ),
      ),
    );
    expect(paths.filter((_, index) => ((modes[index] ?? 0) & OTHERS) !== 0)).toEqual([]);
    expect(paths.length).toBeGreaterThan(12);
  });
});
