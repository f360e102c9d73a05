import { useMemo } from 'react';
import type { InstanceStatus } from '../api.ts';
import { useLive, useTraffic } from '../live.ts';
import { GroupFilter, SearchFilter, useFilters } from '../parts/filters.tsx';
import { InstanceTable } from '../parts/instance-table.tsx';
import { Panel } from '../parts/panel.tsx';
import { SHOWN_STATES, STATE_WORDS, shownState } from '../states.ts';
import { useTitle } from '../title.ts';
import { count } from '../words.ts';

const URGENCY = { unhealthy: 0, pending: 1, draining: 2, terminating: 3, inService: 4 } as const;

/** Every instance; what is not simply in service comes first. */
export function Instances() {
  useTraffic();
  useTitle('Instances');
  const instances = useLive(({ instances }) => instances);
  const read = useLive(({ instancesRead }) => instancesRead);
  const filters = useFilters('/instances');
  const { query, set } = filters;
  const group = query.get('group') ?? '';
  const state = query.get('state') ?? '';
  const text = query.get('text') ?? '';
  const shown = useMemo(
    () => [...instances.values()].filter((instance) => matches(instance, { group, state, text })).sort(byUrgency),
    [instances, group, state, text],
  );
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Instances</h1>
          <p>{read ? count(shown.length, 'instance') : 'Reading them…'}</p>
        </div>
        <search className="filters">
          <SearchFilter {...filters} placeholder="Id, address, zone, detail" />
          <GroupFilter {...filters} />
          <label>
            <span className="hidden-visually">State</span>
            <select className="input" value={state} onChange={(event) => set('state', event.target.value)}>
              <option value="">All states</option>
              {SHOWN_STATES.map((one) => (
                <option key={one} value={one}>
                  {STATE_WORDS[one]}
                </option>
              ))}
            </select>
          </label>
        </search>
      </div>
      <Panel title="Instances" aside={count(shown.length, 'row')}>
        <InstanceTable instances={shown} label="Instances" />
        {read && shown.length === 0 ? <p className="empty">No instance is like that.</p> : null}
      </Panel>
    </div>
  );
}

interface Filter {
  readonly group: string;
  readonly state: string;
  readonly text: string;
}

function matches(instance: InstanceStatus, { group, state, text }: Filter): boolean {
  if (group !== '' && instance.group !== group) return false;
  if (state !== '' && shownState(instance) !== state) return false;
  if (text === '') return true;
  const { id, endpoint, zone, instanceType, detail, machineId, provider } = instance;
  const words = [id, endpoint, zone, instanceType, detail, machineId, provider].join(' ').toLowerCase();
  return words.includes(text.toLowerCase());
}

function byUrgency(a: InstanceStatus, b: InstanceStatus): number {
  return URGENCY[shownState(a)] - URGENCY[shownState(b)] || b.createdAt - a.createdAt || a.id.localeCompare(b.id);
}
