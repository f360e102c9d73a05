import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { api } from '../api.ts';
import { useLive } from '../live.ts';
import { useNow } from '../now.ts';
import { ActivityList } from '../parts/activity-list.tsx';
import { Calendar } from '../parts/calendar.tsx';
import { GroupActions } from '../parts/group-actions.tsx';
import { History } from '../parts/history.tsx';
import { Lanes } from '../parts/lanes.tsx';
import { Figures, Panel } from '../parts/panel.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Why } from '../parts/why.tsx';
import { problemsOf } from '../problems.ts';
import { byGroup, sizesOf } from '../states.ts';
import { targetsOf } from '../targets.ts';
import { useTitle } from '../title.ts';
import { amount } from '../words.ts';

const explainEveryMs = 5_000;
const LATEST = 25;

/** One group: where its instances are, its size against its load, and why. */
export function Group({ name }: { readonly name: string }) {
  useTitle(name);
  const live = useLive((state) => state);
  const now = useNow();
  const group = live.groups.get(name);
  const instances = useMemo(() => byGroup(live.instances).get(name) ?? [], [live.instances, name]);
  const activities = useMemo(
    () => live.activities.filter((activity) => activity.group === name),
    [live.activities, name],
  );
  const problems = useMemo(
    () => problemsOf(live).filter(({ href }) => href === `/groups/${encodeURIComponent(name)}`),
    [live, name],
  );
  const explanation = useQuery({
    queryKey: ['explanation', name],
    queryFn: () => api.explanation(name),
    refetchInterval: explainEveryMs,
    enabled: live.connection === 'live',
  });
  const version = live.fleet?.fleetVersion ?? 0;
  const document = useQuery({
    queryKey: ['version', version],
    queryFn: () => api.version(version),
    enabled: version > 0,
    staleTime: Infinity,
  });
  const targets = useMemo(() => targetsOf(document.data?.document.content, name), [document.data, name]);
  if (group === undefined) {
    return <p className="empty">{live.fleet === null ? 'Reading the fleet…' : `There is no group ${name}.`}</p>;
  }
  const sizes = sizesOf(group, instances);
  const [targetGroup] = group.targetGroups;
  const traffic = [...live.loadBalancers.values()]
    .flatMap((row) => row.targetGroups)
    .find((row) => row.name === targetGroup);
  const scheduled = explanation.data?.scheduledActions ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <span className="crumb">Auto scaling group</span>
          <h1>{name}</h1>
          <p>
            Launched by {group.provider}
            {group.targetGroups.length === 0
              ? ', behind no load balancer'
              : `, in target group ${group.targetGroups.join(', ')}`}
            ; from {group.minSize} to {group.maxSize} servers.
          </p>
        </div>
        <GroupActions group={group} />
      </div>
      {problems.length === 0 ? null : (
        <Panel title="Needs attention">
          <ProblemList problems={problems} />
        </Panel>
      )}
      <Figures
        figures={[
          { label: 'In service', value: sizes.inService, of: `of ${group.desired} desired` },
          { label: 'Pending', value: sizes.pending },
          { label: 'Unhealthy', value: sizes.unhealthy },
          { label: 'Draining', value: sizes.draining + sizes.terminating },
          ...(traffic === undefined
            ? []
            : [
                { label: 'Requests/s', value: amount(traffic.requestsPerSecond) },
                { label: 'Open requests', value: traffic.openRequests },
              ]),
        ]}
      />
      <Panel title="Instances" aside={<Link href={`/instances?group=${encodeURIComponent(name)}`}>As a list</Link>}>
        <Lanes instances={instances} />
      </Panel>
      <History group={group} activities={activities} targets={targets} />
      <div className="split">
        <div className="stack">
          <Why explanation={explanation.data} holds={group.holds} notes={group.notes} />
          {scheduled.length === 0 ? null : (
            <Panel title="Scheduled actions">
              <Calendar actions={scheduled} now={now} />
            </Panel>
          )}
        </div>
        <Panel title="Activities" aside={<Link href={`/activities?group=${encodeURIComponent(name)}`}>All</Link>}>
          <ActivityList activities={activities.slice(0, LATEST)} showGroup={false} />
        </Panel>
      </div>
    </div>
  );
}
