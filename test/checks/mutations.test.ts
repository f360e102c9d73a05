import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ALL_MUTATIONS } from '../../scripts/mutations/all.ts';

const ROOT = join(import.meta.dirname, '../..');

it('each mutation applies: what it replaces is there once', () => {
  const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
  const broken = ALL_MUTATIONS.filter(({ file, find }) => text(file).split(find).length !== 2);
  expect(broken.map(({ name, file, find }) => ({ name, file, find }))).toEqual([]);
});

it('each mutation has a name of its own', () => {
  const names = ALL_MUTATIONS.map(({ name, caughtBy }) => `${name} ${JSON.stringify(caughtBy)}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
