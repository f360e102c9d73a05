import { expect, it } from 'vitest';
import { digestOf } from './digest.ts';

const baseDir = '/srv';

it('a digest is that of the content and its folder, in whatever order keys are named', () => {
  const digest = digestOf({ content: { fleet: 'shop', history: { samples: 100, activities: 200 } }, baseDir });
  expect(digest).toMatch(/^[0-9a-f]{12}$/);
  expect(digestOf({ baseDir, content: { history: { activities: 200, samples: 100 }, fleet: 'shop' } })).toBe(digest);
  expect(digestOf({ baseDir, content: { history: { activities: 201, samples: 100 }, fleet: 'shop' } })).not.toBe(
    digest,
  );
  expect(digestOf({ baseDir: '/etc', content: { fleet: 'shop', history: {} } })).not.toBe(digest);
});

it('the order of a list counts', () => {
  expect(digestOf({ content: { list: [1, 2] }, baseDir })).not.toBe(digestOf({ content: { list: [2, 1] }, baseDir }));
});
