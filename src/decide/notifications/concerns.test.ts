import { describe, expect, it } from 'vitest';
import { type Activity, PLAIN_ACTIVITY } from '../../model/activity.ts';
import type { NotificationDestination } from '../../model/notification.ts';
import { concernsDestination } from './concerns.ts';

type Filter = Pick<NotificationDestination, 'name' | 'level' | 'categories' | 'groups'>;
const ALL: Filter = { name: 'hook', level: 'info', categories: [], groups: [] };

const activity = (changes: Partial<Activity>): Activity => ({
  ...PLAIN_ACTIVITY,
  at: 0,
  group: 'web',
  reason: 'launch',
  message: '',
  ...changes,
});

describe('concernsDestination', () => {
  it.each<readonly [string, Partial<Filter>, Partial<Activity>, boolean]>([
    ['everything', {}, {}, true],
    ['less severe', { level: 'warning' }, {}, false],
    ['as severe', { level: 'warning' }, { level: 'warning' }, true],
    ['more severe', { level: 'warning' }, { level: 'error' }, true],
    ['the end of a warning', { level: 'warning' }, { reason: 'recovered' }, true],
    ['the end of a warning, for who wants errors', { level: 'error' }, { reason: 'recovered' }, false],
    ['the end of an error', { level: 'error' }, { reason: 'launchResumed' }, true],
    ['of its categories', { categories: ['launches'] }, {}, true],
    ['of another category', { categories: ['terminations'] }, {}, false],
    ['of its groups', { groups: ['web'] }, {}, true],
    ['of another group', { groups: ['api'] }, {}, false],
    ['of no group', { groups: ['api'] }, { group: null }, true],
    ['its own trouble', {}, { explanation: { notification: 'hook' } }, false],
    ["another one's trouble", {}, { explanation: { notification: 'mail' } }, true],
  ])('%s', (_, filter, changes, expected) => {
    expect(concernsDestination({ ...ALL, ...filter }, activity(changes))).toBe(expected);
  });
});
