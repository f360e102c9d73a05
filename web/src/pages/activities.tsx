import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Button } from 'react-aria-components';
import { type ActivityFilter, type ActivityLevel, api, type StoredActivity } from '../api.ts';
import { useLive } from '../live.ts';
import { ActivityList } from '../parts/activity-list.tsx';
import { GroupFilter, SearchFilter, useFilters } from '../parts/filters.tsx';
import { Panel } from '../parts/panel.tsx';
import { useTitle } from '../title.ts';
import { count, spaced } from '../words.ts';

const PAGE = 100;
const SEVERITY: Record<ActivityLevel, number> = { info: 0, warning: 1, error: 2 };

/** Everything that Drover did or refused to do, the newest first; new ones come in at the top. */
export function Activities() {
  useTitle('Activities');
  const live = useLive(({ activities }) => activities);
  const filters = useFilters('/activities');
  const { query, set } = filters;
  const group = query.get('group') ?? '';
  const level = levelOf(query.get('level'));
  const text = query.get('text') ?? '';
  const filter: ActivityFilter = { ...(group === '' ? {} : { group }), ...(level === 'info' ? {} : { level }) };
  const past = useInfiniteQuery({
    queryKey: ['activities', group, level],
    queryFn: ({ pageParam }) => api.activities(filter, PAGE, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    staleTime: Infinity,
    gcTime: 0,
  });
  const shown = useMemo(() => {
    const bySequence = new Map<number, StoredActivity>();
    for (const activity of [...(past.data?.pages.flatMap(({ items }) => items) ?? []), ...live]) {
      if (group !== '' && activity.group !== group) continue;
      if (SEVERITY[activity.level] < SEVERITY[level]) continue;
      if (text !== '' && !wordsOf(activity).includes(text.toLowerCase())) continue;
      bySequence.set(activity.sequence, activity);
    }
    return [...bySequence.values()].sort((a, b) => b.sequence - a.sequence);
  }, [past.data, live, group, level, text]);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Activities</h1>
          <p>What Drover did, or refused to do, and why.</p>
        </div>
        <search className="filters">
          <SearchFilter {...filters} placeholder="Reason, instance, words" />
          <GroupFilter {...filters} />
          <label>
            <span className="hidden-visually">Level</span>
            <select
              className="input"
              value={level}
              onChange={(event) => set('level', event.target.value === 'info' ? '' : event.target.value)}
            >
              <option value="info">All levels</option>
              <option value="warning">Warnings and errors</option>
              <option value="error">Errors</option>
            </select>
          </label>
        </search>
      </div>
      <Panel title="Newest first" aside={count(shown.length, 'activity', 'activities')}>
        <ActivityList activities={shown} />
        {past.hasNextPage ? (
          <div className="panel-body">
            <Button className="button" isDisabled={past.isFetching} onPress={() => void past.fetchNextPage()}>
              Older ones
            </Button>
          </div>
        ) : null}
      </Panel>
    </div>
  );
}

function levelOf(text: string | null): ActivityLevel {
  return text === 'warning' || text === 'error' ? text : 'info';
}

function wordsOf({ reason, message, instanceId, group }: StoredActivity): string {
  return [reason, spaced(reason), message, instanceId, group].join(' ').toLowerCase();
}
