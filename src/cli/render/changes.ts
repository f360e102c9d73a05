import type { FleetChange } from '../../fleet/change.ts';
import type { Plan } from '../../views/status.ts';
import { holdText } from './groups.ts';
import { colors, type Look, symbols } from './look.ts';
import { renderTable } from './table.ts';
import { clean } from './text.ts';

/** What a changed fleet file changes, and what applying it does. */
export function renderChanges(changes: readonly FleetChange[], look: Look): readonly string[] {
  const { bold, dim, green, red } = colors(look);
  const { cut, none } = symbols(look);
  const columns = [
    { title: 'WHERE', minWidth: 16 },
    { title: 'BEFORE', minWidth: 8 },
    { title: 'AFTER', minWidth: 8 },
    { title: 'EFFECT', minWidth: 12 },
  ];
  const rows = changes.map(({ path, before, after, effect }) => [
    { text: clean(path), style: bold },
    { text: clean(before ?? none), style: red },
    { text: clean(after ?? none), style: green },
    { text: clean(effect) },
  ]);
  return renderTable(columns, rows, { width: look.columns, title: dim, cut });
}

/** What the next look would do, and why it does not do more. */
export function renderPlan(plan: Plan, look: Look): string {
  const { bold, dim, red, yellow } = colors(look);
  const { arrow, hold } = symbols(look);
  const fleet =
    plan.fleetChanges.length === 0
      ? []
      : ['The fleet file has changed; `drover reload` would apply:', ...renderChanges(plan.fleetChanges, look), ''];
  const loadBalancers = plan.loadBalancers.map(({ loadBalancer, detail }) =>
    red(`load balancer ${clean(loadBalancer)}: ${clean(detail)}`),
  );
  const nothing = loadBalancers.length === 0 ? 'Nothing to do: everything is as desired.' : 'Nothing to do.';
  const groups = plan.groups.flatMap(({ group, activities, holds, notes }) => [
    bold(clean(group)),
    ...activities.map(({ reason, message }) => `  ${arrow} ${reason}: ${clean(message)}`),
    ...holds.map((each) => yellow(`  ${hold} waits: ${clean(holdText(each, look.now))}`)),
    ...notes.map((note) => yellow(`  ${hold} ${clean(note)}`)),
    ...(activities.length + holds.length + notes.length === 0 ? [dim(`  ${nothing}`)] : []),
  ]);
  return [...fleet, ...loadBalancers, ...groups].join('\n');
}
