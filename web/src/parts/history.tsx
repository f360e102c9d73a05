import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Fragment, useMemo, useState } from 'react';
import { Button, ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { api, type GroupHistory, type GroupSummary, type StoredActivity } from '../api.ts';
import { type AlignedHistory, aligned, valueAt } from '../history.ts';
import { useNow } from '../now.ts';
import { amount, count, dayAndTime, duration } from '../words.ts';
import { Panel } from './panel.tsx';
import { type Line, Plot } from './plot.tsx';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SPANS = [
  { id: '15m', label: '15 min', ms: 15 * MINUTE },
  { id: '1h', label: '1 h', ms: HOUR },
  { id: '6h', label: '6 h', ms: 6 * HOUR },
  { id: '1d', label: '1 d', ms: 24 * HOUR },
  { id: '1w', label: '1 w', ms: 7 * 24 * HOUR },
  { id: '4w', label: '4 w', ms: 28 * 24 * HOUR },
] as const;
const minSpanMs = MINUTE;
const MAX_METRICS = 3;
/** More could not be told apart. */
const MAX_POINTS = 360;
/** The API answers at most this many, up to now. */
const MAX_BUCKETS = 1_900;

/** A stretch of time that stays where it is; null follows the clock. */
interface Fixed {
  readonly from: number;
  readonly to: number;
}

interface HistoryProps {
  readonly group: GroupSummary;
  readonly activities: readonly StoredActivity[];
  readonly targets: readonly Target[];
}

/** What a policy keeps a metric at, for each server. */
export interface Target {
  readonly policy: string;
  readonly metric: string;
  readonly value: number;
}

/** The group's size against its load on one time axis, from minutes to weeks. */
export function History({ group, activities, targets }: HistoryProps) {
  const [span, setSpan] = useState<(typeof SPANS)[number]>(SPANS[0]);
  const [fixed, setFixed] = useState<Fixed | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const now = useNow();
  // The axis moves with the clock in steps of what can be seen on it.
  const pace = Math.max(4_000, span.ms / 300);
  const to = fixed?.to ?? Math.ceil(now / pace) * pace;
  const from = fixed?.from ?? to - span.ms;
  const bucketMs = Math.max(1_000, (to - from) / MAX_POINTS, (now - from) / MAX_BUCKETS);
  const { data, error } = useQuery({
    queryKey: ['history', group.name, from, to],
    queryFn: () => api.history(group.name, from, bucketMs),
    placeholderData: keepPreviousData,
    gcTime: MINUTE,
  });
  const zoom = (a: number, b: number) => {
    const middle = (a + b) / 2;
    const half = Math.max(minSpanMs, b - a) / 2;
    setFixed({ from: middle - half, to: Math.min(Date.now(), middle + half) });
  };
  const move = (share: number) => {
    const by = (to - from) * share;
    setFixed({ from: from + by, to: to + by });
  };
  return (
    <Panel
      title="Load and size"
      aside={
        <div className="chart-tools">
          {fixed === null ? null : (
            <Button className="button small" onPress={() => setFixed(null)}>
              Back to now
            </Button>
          )}
          <Button className="button small" aria-label="Earlier" onPress={() => move(-0.5)}>
            ←
          </Button>
          <Button className="button small" aria-label="Later" isDisabled={fixed === null} onPress={() => move(0.5)}>
            →
          </Button>
          <Button
            className="button small"
            aria-label="Closer"
            onPress={() => zoom(from + (to - from) / 4, to - (to - from) / 4)}
          >
            +
          </Button>
          <Button
            className="button small"
            aria-label="Further away"
            onPress={() => zoom(from - (to - from) / 2, to + (to - from) / 2)}
          >
            −
          </Button>
          <ToggleButtonGroup
            className="choice"
            aria-label="Time span"
            disallowEmptySelection
            selectedKeys={fixed === null ? [span.id] : []}
            onSelectionChange={(keys) => {
              setSpan(SPANS.find(({ id }) => keys.has(id)) ?? span);
              setFixed(null);
            }}
          >
            {SPANS.map(({ id, label }) => (
              <ToggleButton key={id} id={id}>
                {label}
              </ToggleButton>
            ))}
          </ToggleButtonGroup>
        </div>
      }
    >
      {error !== null && data === undefined ? <p className="empty">{error.message}</p> : null}
      {data === undefined ? null : (
        <Charts
          history={data}
          group={group}
          activities={activities}
          targets={targets}
          from={from}
          to={to}
          index={index}
          onPoint={setIndex}
          onZoom={zoom}
        />
      )}
    </Panel>
  );
}

interface ChartsProps extends HistoryProps {
  readonly history: GroupHistory;
  readonly from: number;
  readonly to: number;
  readonly index: number | null;
  readonly onPoint: (index: number | null) => void;
  readonly onZoom: (from: number, to: number) => void;
}

function Charts({ history, group, activities, targets, from, to, index, onPoint, onZoom }: ChartsProps) {
  const isNow = to > Date.now() - 2 * history.bucketMs;
  const { desired, inService } = group;
  const past = useMemo(
    () => aligned(history, from, to, isNow ? { at: Date.now(), desired, inService } : null),
    [history, from, to, isNow, desired, inService],
  );
  const load = useMemo(() => loadLines(past), [past]);
  const metrics = useMemo(() => metricLines(past, targets), [past, targets]);
  const size = useMemo(() => sizeLines(past, group.maxSize), [past, group.maxSize]);
  const marks = activities.filter(({ at }) => at >= from && at <= to);
  const shown = Math.min(index ?? past.times.length - 1, past.times.length - 1);
  const common = { times: past.times, from, to, onPoint, onZoom };
  return (
    <>
      <p className="hidden-visually">{summary(past, group, to - from)}</p>
      {load.length === 0 ? null : (
        <>
          <Legend lines={load} index={shown} />
          <Plot {...common} label="Load over time" lines={load} height={130} unit={amount} />
        </>
      )}
      {metrics.map((lines) => (
        <Fragment key={lines[0]?.label}>
          <Legend lines={lines} index={shown} />
          <Plot {...common} label={`${lines[0]?.label} over time`} lines={lines} height={110} unit={amount} />
        </Fragment>
      ))}
      <Legend lines={size} index={shown} at={past.times[shown]} />
      <Plot
        {...common}
        label="Size over time, with activities marked"
        lines={size}
        height={140}
        unit={wholes}
        marks={marks}
      />
    </>
  );
}

function wholes(value: number): string {
  return Number.isInteger(value) ? String(value) : '';
}

function Legend({
  lines,
  index,
  at,
}: {
  readonly lines: readonly Line[];
  readonly index: number;
  readonly at?: number | undefined;
}) {
  return (
    <div className="legend">
      {lines.map(({ label, token, values, dashed }) => {
        const value = valueAt(values, index);
        return (
          <span key={label}>
            <i className={`${dashed ? 'dashed' : ''} tone${token}`} />
            {label} <b>{value === null ? '–' : amount(value)}</b>
          </span>
        );
      })}
      {at === undefined ? null : <span className="muted">{dayAndTime(at)}</span>}
    </div>
  );
}

function loadLines({ requestsPerSecond }: AlignedHistory): readonly Line[] {
  if (requestsPerSecond === null) return [];
  return [{ label: 'Requests/s', token: '--load', values: requestsPerSecond, filled: true }];
}

/** Each metric that a policy follows, with what the policy keeps it at. */
function metricLines({ metrics, times }: AlignedHistory, targets: readonly Target[]): readonly (readonly Line[])[] {
  return Object.entries(metrics)
    .slice(0, MAX_METRICS)
    .map(([name, values]) => [
      { label: name, token: '--notice', values },
      ...targets
        .filter(({ metric }) => metric === name)
        .map(({ policy, value }) => ({
          label: `target of ${policy}`,
          token: '--draining',
          values: times.map(() => value),
          dashed: true,
        })),
    ]);
}

/** The maximum only where it is near: the size would be a flat line at the foot otherwise. */
function sizeLines({ desired, inService, times }: AlignedHistory, maxSize: number): readonly Line[] {
  const most = Math.max(0, ...desired.map((value) => value ?? 0), ...inService.map((value) => value ?? 0));
  const maximum: Line = {
    label: 'Maximum',
    token: '--line-strong',
    values: times.map(() => maxSize),
    thin: true,
    dashed: true,
  };
  return [
    { label: 'In service', token: '--in-service', values: inService, step: true, filled: true },
    { label: 'Desired', token: '--text', values: desired, step: true, dashed: true },
    ...(maxSize <= most * 1.6 ? [maximum] : []),
  ];
}

function summary({ inService }: AlignedHistory, group: GroupSummary, spanMs: number): string {
  const sizes = inService.filter((value) => typeof value === 'number');
  if (sizes.length === 0) return `Nothing was recorded of ${group.name} in this time.`;
  return `In these ${duration(spanMs)} ${group.name} had ${Math.min(...sizes)} to ${count(Math.max(...sizes), 'server')} in service.`;
}
