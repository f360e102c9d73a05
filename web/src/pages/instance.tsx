import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { api, type InstanceStatus, type StoredActivity } from '../api.ts';
import { useLive } from '../live.ts';
import { Message } from '../parts/activity-list.tsx';
import { InstanceActions } from '../parts/instance-actions.tsx';
import { Facts, Panel } from '../parts/panel.tsx';
import { State } from '../parts/state.tsx';
import { Ago, Since } from '../parts/time.tsx';
import { useTitle } from '../title.ts';
import { amount, duration, share, spaced } from '../words.ts';

const STORY = 200;
const trafficEveryMs = 2_000;

/** One instance: its story from the decision to launch it until its end, and what its load balancer sees. */
export function Instance({ id }: { readonly id: string }) {
  useTitle(id);
  const known = useLive(({ instances }) => instances.get(id));
  // The stream says what changes of it, but for its traffic.
  const asked = useQuery({
    queryKey: ['instance', id],
    queryFn: () => api.instance(id),
    refetchInterval: trafficEveryMs,
    enabled: known !== undefined,
  });
  const instance = known === undefined || asked.data === undefined ? known : { ...known, targets: asked.data.targets };
  const read = useLive(({ instancesRead }) => instancesRead);
  const recent = useLive(({ activities }) => activities);
  const past = useQuery({
    queryKey: ['story', id],
    queryFn: () => api.activities({ instance: id }, STORY),
    staleTime: Infinity,
  });
  const story = useMemo(() => {
    const bySequence = new Map<number, StoredActivity>();
    for (const activity of [...(past.data?.items ?? []), ...recent]) {
      if (activity.instanceId === id) bySequence.set(activity.sequence, activity);
    }
    return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
  }, [past.data, recent, id]);
  const gone = instance === undefined && read;
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <span className="crumb">
            Instance{' '}
            {instance === undefined ? null : (
              <>
                of <Link href={`/groups/${encodeURIComponent(instance.group)}`}>{instance.group}</Link>
              </>
            )}
          </span>
          <h1 className="mono">{id}</h1>
          {instance === undefined ? (
            <p>{gone ? 'It is gone.' : 'Reading it…'}</p>
          ) : (
            <p>
              <State instance={instance} /> for <Since at={instance.since} />
              {instance.detail === '' ? '' : `: ${instance.detail}`}
            </p>
          )}
        </div>
        {instance === undefined ? null : <InstanceActions instance={instance} />}
      </div>
      <div className="split">
        <div className="stack">
          {instance === undefined ? null : <Targets instance={instance} />}
          <Panel title="Story" aside="From the decision to launch it to its end">
            {story.length === 0 ? <p className="empty">Nothing is recorded of it.</p> : <Story story={story} />}
          </Panel>
        </div>
        {instance === undefined ? null : (
          <Panel title="What it is">
            <div className="panel-body">
              <Facts facts={factsOf(instance)} />
            </div>
          </Panel>
        )}
      </div>
    </div>
  );
}

function factsOf(instance: InstanceStatus) {
  const { lifecycleState, health, endpoint, provider, machineId, machineDetail, zone, instanceType, createdAt } =
    instance;
  return [
    ['Lifecycle state', lifecycleState],
    ['Health', health],
    [
      'Address',
      <span className="mono" key="address">
        {endpoint ?? 'none yet'}
      </span>,
    ],
    ['Provider', provider],
    [
      'Machine',
      <span className="mono" key="machine">
        {machineId ?? 'none yet'}
      </span>,
    ],
    ...(machineDetail === '' ? [] : [['Provider says', machineDetail] as const]),
    ...(zone === null ? [] : [['Zone', zone] as const]),
    ...(instanceType === null ? [] : [['Instance type', instanceType] as const]),
    ['Created', <Ago at={createdAt} key="created" />],
  ] as const;
}

function Targets({ instance }: { readonly instance: InstanceStatus }) {
  return (
    <Panel title="As its load balancer sees it">
      {instance.targets.length === 0 ? (
        <p className="empty">No load balancer has it as a target{instance.state === 'inService' ? '.' : ' now.'}</p>
      ) : (
        <div className="scroll-x">
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Target group</th>
                <th scope="col">Health</th>
                <th scope="col">Last check</th>
                <th scope="col" className="num">
                  Open
                </th>
                <th scope="col" className="num">
                  Requests/s
                </th>
                <th scope="col" className="num">
                  Errors
                </th>
                <th scope="col" className="num">
                  Mean time
                </th>
                <th scope="col" className="num">
                  Requests
                </th>
              </tr>
            </thead>
            <tbody>
              {instance.targets.map((target) => (
                <tr key={target.targetGroup}>
                  <td>{target.targetGroup}</td>
                  <td>{target.health}</td>
                  <td className="muted">{target.detail}</td>
                  <td className="num">{target.openRequests}</td>
                  <td className="num">{amount(target.requestsPerSecond)}</td>
                  <td className={`num ${target.errorShare > 0.01 ? 'bad' : ''}`}>{share(target.errorShare)}</td>
                  <td className="num">{amount(target.responseTimeMs)} ms</td>
                  <td className="num">{target.requestsTotal.toLocaleString('en')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Story({ story }: { readonly story: readonly StoredActivity[] }) {
  return (
    <ol className="story">
      {story.map((activity, index) => {
        const before = story[index - 1];
        return (
          <li key={activity.sequence} className={activity.level}>
            <p className="muted small">
              {spaced(activity.reason)} · <Ago at={activity.at} />
              {before === undefined ? '' : ` · ${duration(activity.at - before.at)} later`}
            </p>
            <p>
              <Message text={activity.message} instanceId={null} />
            </p>
          </li>
        );
      })}
    </ol>
  );
}
