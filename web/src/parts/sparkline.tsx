import type { Sample } from '../samples.ts';
import { amount } from '../words.ts';

const WIDTH = 100;
const HEIGHT = 22;

/** A small line of what was: it begins at zero, so that a quiet group looks quiet. */
export function Sparkline({ samples }: { readonly samples: readonly Sample[] }) {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2) return <svg aria-hidden="true" />;
  const most = Math.max(1e-9, ...samples.map(({ value }) => value));
  const x = (at: number) => ((at - first.at) / (last.at - first.at)) * WIDTH;
  const y = (value: number) => HEIGHT - 1 - (value / most) * (HEIGHT - 3);
  const line = samples
    .map(({ at, value }, index) => `${index === 0 ? 'M' : 'L'}${x(at).toFixed(1)},${y(value).toFixed(1)}`)
    .join('');
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Up to ${amount(most)} requests per second lately`}
    >
      <path className="area" d={`${line}L${WIDTH},${HEIGHT}L0,${HEIGHT}Z`} />
      <path className="curve" d={line} />
    </svg>
  );
}
