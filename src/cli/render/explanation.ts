import { count } from '../../base/plural.ts';
import { SUSPENDED_EFFECTS } from '../../model/scaling-policy.ts';
import type { Explanation, GroupSizeExplanation, ScheduledActionExplanation } from '../../views/status.ts';
import { listLines } from './activities.ts';
import { asTyped } from './as-typed.ts';
import { clean } from './clean.ts';
import { holdText, otherHolds } from './groups.ts';
import { colors, type Look, symbols } from './look.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { wrap } from './text.ts';
import { dateAndTime, duration } from './units.ts';

const MAX_SENTENCE_LINES = 6;

/** Why a group has its size and why nothing else happens: a table of the policies, and sentences. */
export function renderExplanation(explanation: Explanation, look: Look): string {
  const sections = [
    wrap(sizeInWords(explanation.group, look), look.columns, MAX_SENTENCE_LINES, symbols(look).cut),
    policies(explanation, look),
    scheduledActions(explanation.scheduledActions, look),
    suspended(explanation, look),
    now(explanation, look),
    lately(explanation, look),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function sizeInWords(group: GroupSizeExplanation, look: Look): string {
  const { name, desired, minSize, maxSize, fleetMinSize, fleetMaxSize, inService, pending, terminating } = group;
  const range = (least: number, most: number) => `${least}${symbols(look).range}${most}`;
  const others = minSize !== fleetMinSize || maxSize !== fleetMaxSize;
  const origin = others ? `, set by a scheduled action (the group's own are ${range(fleetMinSize, fleetMaxSize)})` : '';
  const on = [...(pending > 0 ? [`${pending} pending`] : []), ...(terminating > 0 ? [`${terminating} ending`] : [])];
  const has = [`${inService} in service`, ...on].join(', ');
  return `${clean(name)} should have ${count(desired, 'server')} and has ${has}; ${range(minSize, maxSize)} are allowed${origin}.`;
}

const POLICY_COLUMNS: readonly Column[] = [
  { title: 'POLICY', minWidth: 8 },
  { title: 'TYPE', dropRank: 2 },
  { title: 'SEES', minWidth: 24, wraps: true },
  { title: 'WANTS', align: 'right' },
  { title: 'LIMITED BY', dropRank: 0 },
  { title: 'WAITS', dropRank: 1 },
];

function policies(explanation: Explanation, look: Look): readonly string[] {
  if (explanation.policies.length === 0) {
    // Nothing is known of them.
    if (explanation.holds.some(({ code }) => code === 'defect')) return [];
    return ['It has no scaling policy: it has the size that was asked for last.'];
  }
  const { bold, dim, yellow } = colors(look);
  const { none } = symbols(look);
  const rows = explanation.policies.map(({ policy, type, metric, sees, wants, cappedBy, waitsUntil }): Cell[] => [
    { text: clean(policy), style: bold },
    { text: type, style: dim },
    { text: clean(`${metric} ${sees}`) },
    { text: wants === null ? none : String(wants) },
    { text: clean(cappedBy ?? none), style: cappedBy === null ? dim : yellow },
    { text: waitsUntil === null ? none : duration(waitsUntil - explanation.at), style: dim },
  ]);
  const whys = explanation.policies.flatMap(({ policy, why }) => sentence(`${policy}: ${why}`, look));
  return [...table(POLICY_COLUMNS, rows, look), ...whys, ...sentence(outcome(explanation), look)];
}

/** The wish that counts. What does not come of it is in what is waited for. */
function outcome({ group, policies }: Explanation): string {
  const wishes = policies.flatMap(({ policy, wants }) => (wants === null ? [] : [{ policy, wants }]));
  const largest = wishes.toSorted((a, b) => b.wants - a.wants)[0];
  if (largest === undefined) return `No policy has an opinion: the size stays at ${group.desired}.`;
  const limit =
    largest.wants > group.maxSize
      ? `, and the maximum is ${group.maxSize}`
      : largest.wants < group.minSize
        ? `, and the minimum is ${group.minSize}`
        : '';
  return `The largest size that any of them wants counts: ${largest.wants}, by ${largest.policy}${limit}.`;
}

const ACTION_COLUMNS: readonly Column[] = [
  { title: 'SCHEDULED', minWidth: 8 },
  { title: 'WHEN', minWidth: 24, dropRank: 0 },
  { title: 'NEXT' },
  { title: 'SETS', minWidth: 24, wraps: true },
];

function scheduledActions(actions: readonly ScheduledActionExplanation[], look: Look): readonly string[] {
  if (actions.length === 0) return [];
  const { bold, dim } = colors(look);
  const rows = actions.map(({ name, schedule, nextAt, minSize, maxSize, desiredCapacity }): Cell[] => {
    const sizes = { minSize, maxSize, desiredCapacity };
    const sets = Object.entries(sizes).flatMap(([key, value]) => (value === null ? [] : [`${key} ${value}`]));
    return [
      { text: clean(name), style: bold },
      { text: clean(schedule) },
      { text: nextAt === null ? 'never again' : dateAndTime(nextAt), style: nextAt === null ? dim : String },
      { text: sets.join(', ') },
    ];
  });
  return table(ACTION_COLUMNS, rows, look);
}

function suspended({ group, suspendedProcesses }: Explanation, look: Look): readonly string[] {
  if (suspendedProcesses.length === 0) return [];
  const { yellow } = colors(look);
  const lines = suspendedProcesses.flatMap((process) =>
    sentence(`${process}: ${SUSPENDED_EFFECTS[process]}.`, look).map((line) => yellow(line)),
  );
  const resume = `${look.program} resume ${clean(group.name)} ${suspendedProcesses.join(' ')}`;
  return ['Suspended:', ...lines, `Resume with \`${resume}\`.`];
}

/** What the next check does, and what keeps it from doing more. */
function now(explanation: Explanation, look: Look): readonly string[] {
  const { next } = explanation;
  const holds = otherHolds(explanation);
  const { yellow } = colors(look);
  const { arrow, hold } = symbols(look);
  if (next.length === 0 && explanation.holds.length === 0) {
    return ['Nothing is to be done: the group is as it should be.'];
  }
  if (next.length === 0 && holds.length === 0) return [];
  return [
    'Now:',
    ...next.flatMap(({ reason, message }) => sentence(`${arrow} ${reason}: ${message}`, look)),
    ...holds.flatMap((each) => sentence(`${hold} waits: ${holdText(each, look)}`, look).map((line) => yellow(line))),
  ];
}

function lately({ activities }: Explanation, look: Look): readonly string[] {
  return activities.length === 0
    ? []
    : ['Lately:', ...activities.flatMap((activity) => listLines(activity, look, '  '))];
}

function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], look: Look): readonly string[] {
  return renderTable(columns, rows, { width: look.columns, title: colors(look).dim, cut: symbols(look).cut });
}

function sentence(text: string, look: Look): readonly string[] {
  return wrap(clean(asTyped(text, look.program)), look.columns - 4, MAX_SENTENCE_LINES, symbols(look).cut).map(
    (line, index) => `${index === 0 ? '  ' : '    '}${line}`,
  );
}
