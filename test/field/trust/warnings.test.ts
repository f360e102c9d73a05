import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fleetWarnings, loadFleet } from '../../../src/compose/fleet-file.ts';
import { describeError } from '../../../src/fleet/file/errors.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-warnings-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function warningsOf(group: string, template: string): Promise<readonly string[]> {
  const path = join(folder, 'fleet.yaml');
  await writeFile(
    path,
    `fleet: shop
autoScalingGroups:
  web:
    minSize: 1
    maxSize: 5
    ${group}
    launchTemplate:
      provider: process
      command: [sh]
      ${template}
`,
  );
  const file = await loadFleet(path);
  if (!file.ok) throw new Error(file.errors.map(describeError).join('\n'));
  return (await fleetWarnings(file)).map((warning) => describeError(warning).replace(`${path}:`, ''));
}

it('what this host lacks is a warning with its place', async () => {
  expect(await warningsOf('desiredCapacityFile: /nowhere/desired', 'user: nosuch-user')).toEqual([
    '6:5  autoScalingGroups.web.desiredCapacityFile: /nowhere/desired  the folder /nowhere does not exist on this host, so nothing can write the file',
    expect.stringMatching(/^10:7 {2}autoScalingGroups\.web\.launchTemplate\.user: nosuch-user {2}.*\bnosuch-user\b/),
  ]);
});

it('where nothing is missing there is none', async () => {
  expect(await warningsOf('desiredCapacityFile: desired', '')).toEqual([]);
});
