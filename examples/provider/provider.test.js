import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProviderConformance, systemClock } from 'drover/provider/conformance';
import provider from './index.js';

/** The place where machines live, and a hand that reaches into it. */
async function world() {
  const dataDir = await mkdtemp(join(tmpdir(), 'example-'));
  const settings = provider.settingsSchema('/').parse({});
  return {
    clock: systemClock,
    settings,
    listening: settings,
    open: async (fleet) =>
      provider.create({
        fleet,
        settings: provider.providerSettingsSchema('/').parse({}),
        dataDir,
        clock: systemClock,
        onProblem: () => {},
      }),
    crash: async ({ id }) => {
      const file = join(dataDir, 'machines', `${id}.json`);
      await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), state: 'stopped' }));
    },
    dispose: () => rm(dataDir, { recursive: true }),
  };
}

describeProviderConformance('example', world);
