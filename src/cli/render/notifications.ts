import type { NotificationStatus } from '../../views/notifications.ts';
import { clean } from './clean.ts';
import { colors, type Look, symbols } from './look.ts';
import { renderTable } from './table.ts';
import { dateAndTime } from './units.ts';

/** The destinations, each with what it has come to. */
export function renderNotifications(destinations: readonly NotificationStatus[], look: Look): readonly string[] {
  if (destinations.length === 0) return ['The fleet has no notifications: describe a destination under notifications.'];
  const { dim, red } = colors(look);
  const columns = [
    { title: 'NAME' },
    { title: 'TYPE' },
    { title: 'LEVEL' },
    { title: 'LAST DELIVERY' },
    { title: 'WAITING', align: 'right' as const },
    { title: 'STATE', minWidth: 16, wraps: true },
  ];
  const rows = destinations.map(({ name, type, level, lastDeliveredAt, waiting, state, error }) => [
    { text: clean(name) },
    { text: clean(type) },
    { text: level },
    { text: lastDeliveredAt === null ? '-' : dateAndTime(lastDeliveredAt) },
    { text: String(waiting) },
    { text: error === null ? state : `${state}: ${clean(error)}`, ...(state === 'working' ? {} : { style: red }) },
  ]);
  return renderTable(columns, rows, { width: look.columns, title: dim, cut: symbols(look).cut });
}
