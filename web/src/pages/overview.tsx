import { useMemo } from 'react';
import { Link } from 'wouter';
import type { GroupSummary, InstanceStatus } from '../api.ts';
import { recentLoad, useLive } from '../live.ts';
import { ActivityList } from '../parts/activity-list.tsx';
import { CapacityBar } from '../parts/capacity-bar.tsx';
import { type Figure, Figures, Panel } from '../parts/panel.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { Ago, Countdown, Since } from '../parts/time.tsx';
import { type Problem, problemsOf } from '../problems.ts';
import { byGroup, sizesOf } from '../states.ts';
import { useTitle } from '../title.ts';
import { amount, count, share } from '../words.ts';

const LATEST = 12;

/** What a person on call wants at a glance: what is wrong first, then each group, then what was done. */
export function Overview() {
  const live = useLive((state) => state);
  const problems = useMemo(() => problemsOf(live), [live]);
  const urgent = problems.filter(({ level }) => level !== 'notice');
  useTitle(urgent.length === 0 ? 'Overview' : `(${urgent.length}) Overview`);
  const instances = useMemo(() => byGroup(live.instances), [live.instances]);
  if (live.fleet === null) return <p className="empty">Reading the fleet…</p>;
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{headline(urgent)}</h1>
          <p>
            Fleet {live.fleet.fleet}, version {live.fleet.fleetVersion}; the controller has run for{' '}
            <Since at={live.fleet.startedAt} />.
          </p>
        </div>
        <Totals />
      </div>
      {problems.length === 0 ? null : (
        <Panel title="Needs attention" aside={count(problems.length, 'problem')}>
          <ProblemList problems={problems} />
        </Panel>
      )}
      <Panel title="Groups" aside={<Key />}>
        <div className="grid-table groups" role="table" aria-label="Groups">
          <div className="grid-head" role="rowgroup">
            <div className="grid-row" role="row">
              <span role="columnheader">Group</span>
              <span role="columnheader">Machines</span>
              <span role="columnheader" className="num">
                In service
              </span>
              <span role="columnheader" className="num">
                Pending
              </span>
              <span role="columnheader" className="num">
                Draining
              </span>
              <span role="columnheader" className="num">
                Unhealthy
              </span>
              <span role="columnheader">Requests/s</span>
              <span role="columnheader">Now</span>
            </div>
          </div>
          <div className="grid-body" role="rowgroup">
            {[...live.groups.values()].map((group) => (
              <GroupLine key={group.name} group={group} instances={instances.get(group.name) ?? []} />
            ))}
          </div>
        </div>
      </Panel>
      <div className="split">
        <Traffic />
        <Panel title="Latest activities" aside={<Link href="/activities">All</Link>}>
          <ActivityList activities={live.activities.slice(0, LATEST)} />
        </Panel>
      </div>
    </div>
  );
}

function headline(urgent: readonly Problem[]): string {
  const [first] = urgent;
  if (first === undefined) return 'Everything is as it should be';
  const subjects = new Set(urgent.map(({ subject }) => subject));
  return subjects.size === 1 ? `${first.subject} needs attention` : `${subjects.size} things need attention`;
}

function Totals() {
  const groups = useLive(({ groups }) => groups);
  const loadBalancers = useLive(({ loadBalancers }) => loadBalancers);
  const rows = [...groups.values()];
  const sum = (of: (group: GroupSummary) => number) => rows.reduce((total, group) => total + of(group), 0);
  const targetGroups = [...loadBalancers.values()].flatMap(({ targetGroups }) => targetGroups);
  const requests = targetGroups.reduce((total, { requestsPerSecond }) => total + requestsPerSecond, 0);
  const errors = targetGroups.reduce((total, { errors5xxPerSecond }) => total + errors5xxPerSecond, 0);
  const open = targetGroups.reduce((total, { openRequests }) => total + openRequests, 0);
  const figures: Figure[] = [
    {
      label: 'In service',
      value: sum(({ inService, unhealthy }) => inService - unhealthy),
      of: `of ${sum(({ desired }) => desired)}`,
    },
    { label: 'Requests/s', value: amount(requests) },
    { label: 'Open requests', value: amount(open) },
    { label: 'Errors', value: requests === 0 ? '0 %' : share(errors / requests) },
  ];
  return <Figures figures={figures} />;
}

function Key() {
  return <span>The tick is the desired size, the faint one the minimum.</span>;
}

function GroupLine({
  group,
  instances,
}: {
  readonly group: GroupSummary;
  readonly instances: readonly InstanceStatus[];
}) {
  const sizes = sizesOf(group, instances);
  return (
    <div className="grid-row" role="row">
      <span role="rowheader" className="name clip">
        <Link href={`/groups/${encodeURIComponent(group.name)}`}>{group.name}</Link>
        <span className="muted small"> {group.provider}</span>
      </span>
      <span role="cell" className="bar">
        <CapacityBar group={group} sizes={sizes} />
        <span className="muted small">
          {group.minSize}–{group.maxSize}
        </span>
      </span>
      <span role="cell" className="num">
        <span className="label-narrow">In service</span>
        {sizes.inService}
        <span className="of"> / {group.desired}</span>
      </span>
      <Quantity label="Pending" value={sizes.pending} />
      <Quantity label="Draining" value={sizes.draining + sizes.terminating} />
      <Quantity label="Unhealthy" value={sizes.unhealthy} bad />
      <span role="cell" className="load">
        <Load group={group} />
      </span>
      <span role="cell" className="why small">
        <Now group={group} />
      </span>
    </div>
  );
}

function Quantity({
  label,
  value,
  bad = false,
}: {
  readonly label: string;
  readonly value: number;
  readonly bad?: boolean;
}) {
  return (
    <span role="cell" className={`num ${value === 0 ? 'zero' : bad ? 'bad' : ''}`}>
      <span className="label-narrow">{label}</span>
      {value === 0 ? <span className="muted">–</span> : value}
    </span>
  );
}

function Load({ group }: { readonly group: GroupSummary }) {
  const loadBalancers = useLive(({ loadBalancers }) => loadBalancers);
  const [name] = group.targetGroups;
  if (name === undefined) return <span className="muted small">no load balancer</span>;
  const row = [...loadBalancers.values()].flatMap(({ targetGroups }) => targetGroups).find((one) => one.name === name);
  return (
    <span className="spark">
      <span className="num">{row === undefined ? '–' : amount(row.requestsPerSecond)}</span>
      <Sparkline samples={recentLoad(name)} />
    </span>
  );
}

/** What the group is doing, or why it does nothing. */
function Now({ group }: { readonly group: GroupSummary }) {
  const latest = useLive(({ activities }) => activities.find((activity) => activity.group === group.name));
  if (group.launchSuspended !== null) return <span className="bad">Launching is suspended</span>;
  const [hold] = group.holds;
  if (hold !== undefined) {
    return (
      <span className="muted clamp">
        Waits: {hold.message} {hold.until === null ? null : <Countdown until={hold.until} />}
      </span>
    );
  }
  if (latest === undefined) return <span className="muted">Steady</span>;
  return (
    <span className="muted clamp">
      {latest.message} <Ago at={latest.at} />
    </span>
  );
}

function Traffic() {
  const loadBalancers = useLive(({ loadBalancers }) => loadBalancers);
  const rows = [...loadBalancers.values()].flatMap((row) =>
    row.targetGroups.map((targetGroup) => ({ row, targetGroup })),
  );
  if (rows.length === 0) return null;
  return (
    <Panel title="Traffic">
      <div className="scroll-x">
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Target group</th>
              <th scope="col">Load balancer</th>
              <th scope="col" className="num">
                Healthy
              </th>
              <th scope="col" className="num">
                Requests/s
              </th>
              <th scope="col" className="num">
                Open
              </th>
              <th scope="col" className="num">
                Queued
              </th>
              <th scope="col" className="num">
                Errors/s
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ row, targetGroup }) => (
              <tr key={`${row.name}/${targetGroup.name}`}>
                <td>{targetGroup.name}</td>
                <td>
                  <Link href={`/load-balancers/${encodeURIComponent(row.name)}`}>{row.name}</Link>
                </td>
                <td className="num">
                  {targetGroup.healthy}
                  <span className="of"> / {targetGroup.total}</span>
                </td>
                <td className="num">{amount(targetGroup.requestsPerSecond)}</td>
                <td className="num">{targetGroup.openRequests}</td>
                <td className="num">{targetGroup.queuedRequests}</td>
                <td className={`num ${targetGroup.errors5xxPerSecond > 0 ? 'bad' : ''}`}>
                  {amount(targetGroup.errors5xxPerSecond)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
