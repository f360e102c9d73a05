import { CHANGE_KINDS, type ChangeKind, type FleetChange } from '../../fleet/change.ts';
import type { GroupStatus, Plan } from '../../views/status.ts';
import { asTyped } from './as-typed.ts';
import { clean } from './clean.ts';
import { holdText } from './groups.ts';
import { colors, type Look, symbols } from './look.ts';
import { renderTable } from './table.ts';
import { wrapIndented } from './text.ts';

/** What a changed fleet file changes, and what applying it does. */
export function renderChanges(changes: readonly FleetChange[], look: Look): readonly string[] {
  const { bold, dim, green, red } = colors(look);
  const { cut, none, change: marks } = symbols(look);
  const columns = [
    { title: '' },
    { title: 'WHERE', minWidth: 12, wraps: true },
    { title: 'BEFORE', minWidth: 8, wraps: true },
    { title: 'AFTER', minWidth: 8, wraps: true },
    { title: 'EFFECT', minWidth: 12, wraps: true },
  ];
  const rows = changes.map(({ kind, path, before, after, effect }) => [
    { text: marks[kind], style: kindStyle(kind, look) },
    { text: clean(path), style: bold },
    { text: clean(before ?? none), style: red },
    { text: clean(after ?? none), style: green },
    { text: clean(effect) },
  ]);
  return renderTable(columns, rows, { width: look.columns, title: dim, cut });
}

const KIND_WORDS: Readonly<Record<ChangeKind, string>> = {
  create: 'to create',
  change: 'to change in place',
  replace: 'to replace',
  destroy: 'to destroy',
};

/** `1 to create (+), 2 to change in place (~), 0 to replace (±), 0 to destroy (-).` */
export function renderCounts(changes: readonly FleetChange[], look: Look): string {
  const parts = CHANGE_KINDS.map((kind) => {
    const many = changes.filter((change) => change.kind === kind).length;
    const text = `${many} ${KIND_WORDS[kind]} (${symbols(look).change[kind]})`;
    return many === 0 ? colors(look).dim(text) : kindStyle(kind, look)(text);
  });
  return `${parts.join(', ')}.`;
}

/** What running servers keep: those of groups of whose launch template something changes. */
export function renderKept(
  changes: readonly FleetChange[],
  groups: readonly Pick<GroupStatus, 'name' | 'instances'>[],
  look: Look,
): readonly string[] {
  return groups.flatMap(({ name, instances }) => {
    const isReplaced = ({ kind, path }: FleetChange) =>
      kind === 'replace' && path.startsWith(`autoScalingGroups.${name}.`);
    if (instances.length === 0 || !changes.some(isReplaced)) return [];
    const servers = `${instances.length === 1 ? 'The server' : `The ${instances.length} servers`} of ${name}`;
    const text = `${servers} that ${instances.length === 1 ? 'runs keeps' : 'run keep'} what ${instances.length === 1 ? 'it was' : 'they were'} launched with; \`drover drain\` replaces one.`;
    return wrapIndented(asTyped(clean(text), look.program), look.columns, '', symbols(look).cut);
  });
}

function kindStyle(kind: ChangeKind, look: Look): (text: string) => string {
  const { green, magenta, red, yellow } = colors(look);
  return { create: green, change: yellow, replace: magenta, destroy: red }[kind];
}

/** What the next check would do, and why it does not do more. */
export function renderPlan(plan: Plan, look: Look): string {
  const { bold, dim, red, yellow } = colors(look);
  const { arrow, hold } = symbols(look);
  const fleet =
    plan.fleetChanges.length === 0
      ? []
      : [
          asTyped('The fleet file has changed; `drover reload` would apply:', look.program),
          ...renderChanges(plan.fleetChanges, look),
          '',
        ];
  const loadBalancers = plan.loadBalancers.flatMap(({ loadBalancer, detail }) =>
    wrapIndented(clean(`load balancer ${loadBalancer}: ${detail}`), look.columns, '', symbols(look).cut).map((line) =>
      red(line),
    ),
  );
  const nothing = loadBalancers.length === 0 ? 'Nothing to do: everything is as desired.' : 'Nothing to do.';
  const sentence = (mark: string, text: string) =>
    wrapIndented(`${mark} ${clean(text)}`, look.columns, '  ', symbols(look).cut);
  const groups = plan.groups.flatMap(({ group, activities, holds, notes }) => [
    bold(clean(group)),
    ...activities.flatMap(({ reason, message }) => sentence(arrow, `${reason}: ${message}`)),
    ...holds.flatMap((each) => sentence(hold, `waits: ${holdText(each, look)}`).map((line) => yellow(line))),
    ...notes.flatMap((note) => sentence(hold, asTyped(note, look.program)).map((line) => yellow(line))),
    ...(activities.length + holds.length + notes.length === 0 ? [dim(`  ${nothing}`)] : []),
  ]);
  const empty = groups.length === 0 ? [dim('Nothing to do: the fleet has no groups.')] : [];
  return [...fleet, ...loadBalancers, ...groups, ...empty].join('\n');
}
