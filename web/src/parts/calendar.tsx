import type { Explanation } from '../api.ts';
import { dayAndTime } from '../words.ts';
import { Countdown } from './time.tsx';

const HOUR = 3_600_000;
const AHEAD_MS = 48 * HOUR;
const WIDTH = 960;
const EVERY_MS = 6 * HOUR;
const AXIS_Y = 22;

/** What is scheduled, on the two days ahead, and in words. */
export function Calendar({
  actions,
  now,
}: {
  readonly actions: Explanation['scheduledActions'];
  readonly now: number;
}) {
  const x = (at: number) => ((at - now) / AHEAD_MS) * WIDTH;
  const first = Math.ceil(now / EVERY_MS) * EVERY_MS;
  const ticks = Array.from({ length: Math.floor(AHEAD_MS / EVERY_MS) }, (_, index) => first + index * EVERY_MS);
  const sorted = [...actions].sort(
    (a, b) => (a.nextAt ?? Number.POSITIVE_INFINITY) - (b.nextAt ?? Number.POSITIVE_INFINITY),
  );
  return (
    <div className="calendar panel-body">
      <svg viewBox={`0 0 ${WIDTH} 46`} role="img" aria-label={`${actions.length} scheduled; the next two days`}>
        <line className="axis" x1="0" x2={WIDTH} y1={AXIS_Y} y2={AXIS_Y} />
        {ticks.map((at) => (
          <g key={at}>
            <line className="axis" x1={x(at)} x2={x(at)} y1={AXIS_Y} y2={AXIS_Y + 5} />
            <text className="tick" x={x(at)} y={AXIS_Y + 19} textAnchor="middle">
              {tickWords(at)}
            </text>
          </g>
        ))}
        {sorted.map(({ name, nextAt }) =>
          nextAt === null || nextAt - now > AHEAD_MS ? null : (
            <g key={name} className="due">
              <circle cx={x(nextAt)} cy={AXIS_Y} r="5" />
              <text x={Math.min(WIDTH - 60, x(nextAt) + 9)} y={AXIS_Y - 8} fontSize="11.5">
                {name}
              </text>
            </g>
          ),
        )}
      </svg>
      <ul>
        {sorted.map((action) => (
          <li key={action.name}>
            <b>{action.name}</b>: {effect(action)} <span className="muted">{action.schedule}</span>{' '}
            {action.nextAt === null ? (
              <span className="muted">never again</span>
            ) : (
              <span className="muted">
                next on {dayAndTime(action.nextAt)}, <Countdown until={action.nextAt} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function tickWords(at: number): string {
  const date = new Date(at);
  const hours = `${String(date.getHours()).padStart(2, '0')}:00`;
  return date.getHours() < 6 ? date.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric' }) : hours;
}

function effect({ minSize, maxSize, desiredCapacity }: Explanation['scheduledActions'][number]): string {
  const parts = [
    minSize === null ? null : `minimum ${minSize}`,
    maxSize === null ? null : `maximum ${maxSize}`,
    desiredCapacity === null ? null : `desired ${desiredCapacity}`,
  ].filter((part) => part !== null);
  return parts.join(', ');
}
