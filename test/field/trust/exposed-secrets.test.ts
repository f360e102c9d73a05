import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { exposedSecrets } from '../../../src/cli/exposed-secrets.ts';
import { parseFleet } from '../../../src/fleet/file/load.ts';
import { metricSourceTypes } from '../../../src/metrics/registry.ts';
import { providerTypes } from '../../../src/providers/registry.ts';

/** What is said of a fleet file with that mode, in a folder with that mode, and this environment. */
async function warning(environment: string, { mode = 0o644, folderMode = 0o755 } = {}): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-exposed-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'fleet.yaml');
  const template = `{ provider: process, command: [node], environment: ${environment} }`;
  const text = `fleet: x\nautoScalingGroups:\n  w: { minSize: 0, maxSize: 1, launchTemplate: ${template} }\n`;
  await writeFile(path, text);
  await chmod(path, mode);
  await chmod(folder, folderMode);
  const result = parseFleet({ text, path, providers: providerTypes, sources: metricSourceTypes });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  // The folders above are open to everybody here, whatever mode the folder of temporary files has on this host.
  return exposedSecrets(path, result.fleet, async (of) => (of.startsWith(folder) ? (await stat(of)).mode : 0o755));
}

it.each([
  '{ DB_PASSWORD: x }',
  '{ DB_PWD: x }',
  '{ API_KEY: x }',
  '{ SESSION_COOKIE: x }',
  '{ URL: "postgres://shop:x@db/shop" }',
])('warns of %s in a file that every user can read', async (environment) => {
  expect(await warning(environment)).toContain('every user of this host can read it');
  expect(await warning(environment, { mode: 0o640 })).toBe(null);
  expect(await warning(environment, { folderMode: 0o700 })).toBe(null);
});

it.each([
  '{}',
  '{ LOG_LEVEL: info }',
  '{ DB_PASSWORD_FILE: /run/db }',
  '{ URL: "http://db/" }',
  '{ metadataTokens: required }',
])('has nothing to say about %s', async (environment) => {
  expect(await warning(environment)).toBe(null);
});
