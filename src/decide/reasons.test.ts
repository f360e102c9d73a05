import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ACTIVITY_REASONS } from '../model/activity.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

it('every reason is explained in docs/activities.md', () => {
  const page = read('../../docs/activities.md');
  expect(ACTIVITY_REASONS.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
