import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLOUDS } from '../../scripts/mutations/clouds.ts';
import { ERRORS } from '../../scripts/mutations/errors.ts';
import { FIELD } from '../../scripts/mutations/field.ts';
import { FLEET } from '../../scripts/mutations/fleet.ts';
import { INVARIANTS } from '../../scripts/mutations/invariants.ts';
import { PROVIDERS } from '../../scripts/mutations/providers.ts';
import { REGRESSIONS } from '../../scripts/mutations/regressions.ts';
import { RULES } from '../../scripts/mutations/rules.ts';
import { SCALING } from '../../scripts/mutations/scaling.ts';
import { SERVERS } from '../../scripts/mutations/servers.ts';

const ROOT = join(import.meta.dirname, '../..');
const all = [
  ...INVARIANTS,
  ...SCALING,
  ...RULES,
  ...REGRESSIONS,
  ...FIELD,
  ...FLEET,
  ...ERRORS,
  ...SERVERS,
  ...CLOUDS,
  ...PROVIDERS,
];

it('each mutation applies: what it replaces is there once', () => {
  const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
  const broken = all.filter(({ file, find }) => text(file).split(find).length !== 2);
  expect(broken.map(({ name, file, find }) => ({ name, file, find }))).toEqual([]);
});

it('each mutation has a name of its own', () => {
  const names = all.map(({ name, caughtBy }) => `${name} ${JSON.stringify(caughtBy)}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
