import type { GroupSummary } from '../api.ts';
import { SHOWN_STATES, type Sizes, STATE_WORDS } from '../states.ts';
import { count } from '../words.ts';

const WIDTH = 1_000;
const HEIGHT = 16;
const ORDER = ['inService', 'unhealthy', 'pending', 'draining', 'terminating'] as const;

/** A group's room up to its maximum, filled by its machines; the minimum and the desired size are marks. */
export function CapacityBar({ group, sizes }: { readonly group: GroupSummary; readonly sizes: Sizes }) {
  const total = SHOWN_STATES.reduce((sum, state) => sum + sizes[state], 0);
  // A maximum that is far away would leave the machines too small to see.
  const room = Math.max(1, total, Math.min(group.maxSize, Math.max(total, group.desired) * 3));
  const at = (size: number) => (size / room) * WIDTH;
  const shown = ORDER.filter((state) => sizes[state] > 0).map(
    (state) => `${sizes[state]} ${STATE_WORDS[state].toLowerCase()}`,
  );
  const label = `${count(total, 'machine')}${shown.length > 0 ? ` (${shown.join(', ')})` : ''}; minimum ${group.minSize}, desired ${group.desired}, maximum ${group.maxSize}`;
  let from = 0;
  return (
    <div className="capacity" role="img" aria-label={label} title={label}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <rect className="room" width={WIDTH} height={10} y={3} />
        {ORDER.map((state) => {
          const x = at(from);
          from += sizes[state];
          return sizes[state] === 0 ? null : (
            <rect key={state} className={state} x={x} y={3} height={10} width={Math.max(0, at(sizes[state]))} />
          );
        })}
        {group.minSize > 0 && group.minSize <= room ? (
          <rect className="min" x={at(group.minSize) - 1.5} width={3} y={3} height={10} />
        ) : null}
        {group.desired <= room ? (
          <rect
            className="desired"
            x={Math.min(WIDTH - 4, Math.max(0, at(group.desired) - 2))}
            width={5}
            height={HEIGHT}
          />
        ) : null}
      </svg>
    </div>
  );
}
