import { useMemo } from 'react';
import type { LoadBalancerStatus } from '../api.ts';
import { recentLoad, useLive, useTraffic } from '../live.ts';
import { InstanceTable } from '../parts/instance-table.tsx';
import { Figures, Panel } from '../parts/panel.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { problemsOf } from '../problems.ts';
import { useTitle } from '../title.ts';
import { amount, count, share } from '../words.ts';

/** One load balancer: where it listens, what goes through it, and to whom. */
export function LoadBalancer({ name }: { readonly name: string }) {
  useTraffic();
  useTitle(name);
  const live = useLive((state) => state);
  const row = live.loadBalancers.get(name);
  const problems = useMemo(
    () => problemsOf(live).filter(({ href }) => href === `/load-balancers/${encodeURIComponent(name)}`),
    [live, name],
  );
  const targets = useMemo(() => {
    const names = new Set(row?.targetGroups.map((targetGroup) => targetGroup.name));
    return [...live.instances.values()].filter((instance) =>
      instance.targets.some(({ targetGroup }) => names.has(targetGroup)),
    );
  }, [live.instances, row]);
  if (row === undefined)
    return <p className="empty">{live.fleet === null ? 'Reading the fleet…' : `There is no load balancer ${name}.`}</p>;
  const sum = (of: (targetGroup: LoadBalancerStatus['targetGroups'][number]) => number) =>
    row.targetGroups.reduce((total, one) => total + of(one), 0);
  const requests = sum(({ requestsPerSecond }) => requestsPerSecond);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <span className="crumb">Load balancer</span>
          <h1>{name}</h1>
          <p>
            HAProxy {row.version ?? ''} is {row.state}.
          </p>
        </div>
        {row.statsUrl === null ? null : (
          <a className="button" href={row.statsUrl} target="_blank" rel="noreferrer">
            HAProxy's own statistics
          </a>
        )}
      </div>
      {problems.length === 0 ? null : (
        <Panel title="Needs attention">
          <ProblemList problems={problems} />
        </Panel>
      )}
      <Figures
        figures={[
          { label: 'Requests/s', value: amount(requests) },
          { label: 'Open requests', value: sum(({ openRequests }) => openRequests) },
          { label: 'Queued', value: sum(({ queuedRequests }) => queuedRequests) },
          {
            label: 'Errors',
            value: requests === 0 ? '0 %' : share(sum(({ errors5xxPerSecond }) => errors5xxPerSecond) / requests),
          },
          { label: 'Retried', value: sum(({ retried }) => retried) },
        ]}
      />
      <div className="split">
        <Panel title="Target groups">
          <div className="scroll-x">
            <table className="plain-table">
              <thead>
                <tr>
                  <th scope="col">Target group</th>
                  <th scope="col">Algorithm</th>
                  <th scope="col" className="num">
                    Healthy
                  </th>
                  <th scope="col">Requests/s</th>
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
                {row.targetGroups.map((targetGroup) => (
                  <tr key={targetGroup.name}>
                    <td>{targetGroup.name}</td>
                    <td className="muted">{targetGroup.algorithm}</td>
                    <td className="num">
                      {targetGroup.healthy}
                      <span className="of"> / {targetGroup.total}</span>
                    </td>
                    <td>
                      <span className="spark">
                        <span className="num">{amount(targetGroup.requestsPerSecond)}</span>
                        <Sparkline samples={recentLoad(targetGroup.name)} />
                      </span>
                    </td>
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
        <Panel title="Listeners" aside={count(row.listeners.length, 'listener')}>
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Address</th>
                <th scope="col">Target group</th>
              </tr>
            </thead>
            <tbody>
              {row.listeners.map(({ url, targetGroup }) => (
                <tr key={url}>
                  <td className="mono">{url}</td>
                  <td>{targetGroup}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Panel>
      </div>
      <Panel title="Targets" aside={count(targets.length, 'server')}>
        <InstanceTable instances={targets} label="Targets" />
      </Panel>
    </div>
  );
}
