/** How severe an activity is. */
export type ActivityLevel = 'info' | 'warning' | 'error';
