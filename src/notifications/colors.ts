import type { ActivityLevel } from '../model/activity.ts';

/** Told apart by people who see no red and green, too: the words say the level as well. */
export const COLORS: Readonly<Record<ActivityLevel, string>> = {
  info: '#4b7bd1',
  warning: '#d9a400',
  error: '#c8323c',
};
