import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Link } from 'wouter';
import type { InstanceStatus } from '../api.ts';
import { amount } from '../words.ts';
import { State } from './state.tsx';
import { Since } from './time.tsx';

const ROW_PX = 37;
const NARROW_ROW_PX = 56;
const OVERSCAN = 12;
const narrow = window.matchMedia('(max-width: 980px)');

/** All instances of a list, of which only those in sight are in the page. */
export function InstanceTable({
  instances,
  label,
}: {
  readonly instances: readonly InstanceStatus[];
  readonly label: string;
}) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isNarrow = useSyncExternalStore(onNarrow, () => narrow.matches);
  useLayoutEffect(() => setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const rowPx = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const virtual = useWindowVirtualizer({
    count: instances.length,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    scrollMargin: top,
  });
  return (
    <div className="grid-table instances" role="table" aria-label={label} aria-rowcount={instances.length + 1}>
      <div className="grid-head" role="rowgroup">
        <div className="grid-row" role="row" aria-rowindex={1}>
          <span role="columnheader">Instance</span>
          <span role="columnheader">State</span>
          <span role="columnheader">For</span>
          <span role="columnheader">Group</span>
          <span role="columnheader">Where</span>
          <span role="columnheader" className="num">
            Requests/s
          </span>
          <span role="columnheader" className="num">
            Open
          </span>
          <span role="columnheader" className="num">
            Mean
          </span>
          <span role="columnheader">Detail</span>
        </div>
      </div>
      <div className="grid-body" role="rowgroup" ref={body} style={{ height: instances.length * rowPx }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const instance = instances[index];
          return instance === undefined ? null : (
            <InstanceRow key={instance.id} instance={instance} rowIndex={index + 2} offset={start - top} />
          );
        })}
      </div>
    </div>
  );
}

function onNarrow(listener: () => void): () => void {
  narrow.addEventListener('change', listener);
  return () => narrow.removeEventListener('change', listener);
}

interface RowProps {
  readonly instance: InstanceStatus;
  readonly rowIndex: number;
  readonly offset: number;
}

function InstanceRow({ instance, rowIndex, offset }: RowProps) {
  const { id, group, zone, instanceType, provider, endpoint, targets, detail, since } = instance;
  const sum = (of: (target: InstanceStatus['targets'][number]) => number) =>
    targets.reduce((total, target) => total + of(target), 0);
  const where = [zone ?? provider, instanceType].filter((part) => part !== null).join(', ');
  const mean = targets.length === 0 ? null : sum(({ responseTimeMs }) => responseTimeMs) / targets.length;
  return (
    <div
      className="grid-row floating"
      role="row"
      aria-rowindex={rowIndex}
      style={{ transform: `translateY(${offset}px)` }}
    >
      <span role="rowheader" className="clip">
        <Link className="mono" href={`/instances/${encodeURIComponent(id)}`}>
          {id}
        </Link>
      </span>
      <span role="cell">
        <State instance={instance} />
      </span>
      <span role="cell" className="muted clip">
        <Since at={since} />
      </span>
      <span role="cell" className="clip wide">
        {group}
      </span>
      <span role="cell" className="muted clip wide" title={endpoint ?? ''}>
        {where}
      </span>
      <span role="cell" className="num wide">
        {targets.length === 0 ? '–' : amount(sum(({ requestsPerSecond }) => requestsPerSecond))}
      </span>
      <span role="cell" className="num wide">
        {targets.length === 0 ? '–' : sum(({ openRequests }) => openRequests)}
      </span>
      <span role="cell" className="num wide">
        {mean === null ? '–' : `${amount(mean)} ms`}
      </span>
      <span role="cell" className="muted clip wide" title={detail}>
        {detail}
      </span>
    </div>
  );
}
