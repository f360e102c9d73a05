import type { FleetChange } from '../api.ts';

const KIND_TONES = { create: 'good', change: 'notice', replace: 'warning', destroy: 'error' } as const;

/** Differences between two fleets, with what applying each does. */
export function Changes({ changes }: { readonly changes: readonly FleetChange[] }) {
  if (changes.length === 0) return <p className="empty">Nothing: both say the same.</p>;
  return (
    <ul>
      {changes.map(({ kind, path, before, after, effect }) => (
        <li className="change" key={`${path} ${before} ${after}`}>
          <span>
            <span className={`tag ${KIND_TONES[kind]}`}>{kind}</span> <span className="mono">{path}</span>
          </span>
          <span>
            {before === null ? null : <del>{before}</del>} {after === null ? null : <ins>{after}</ins>}
          </span>
          <span className="muted small">{effect}</span>
        </li>
      ))}
    </ul>
  );
}
