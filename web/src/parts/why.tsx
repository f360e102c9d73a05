import type { Activity, Explanation, Hold } from '../api.ts';
import { spaced } from '../words.ts';
import { Message } from './activity-list.tsx';
import { Panel } from './panel.tsx';
import { Countdown } from './time.tsx';

/** Why the group has its size, what comes next, and what keeps it from coming. */
export function Why({
  explanation,
  holds,
  notes,
}: {
  readonly explanation: Explanation | undefined;
  readonly holds: readonly Hold[];
  readonly notes: readonly string[];
}) {
  const policies = explanation?.policies ?? [];
  const next = explanation?.next ?? [];
  const nothing = holds.length === 0 && next.length === 0 && notes.length === 0;
  return (
    <Panel title="Why it is so">
      <div>
        {policies.map((policy) => (
          <div className="policy" key={policy.policy}>
            <p className="policy-head">
              <b>{policy.policy}</b>
              <span className="muted">
                {spaced(policy.type)} on {policy.metric}
              </span>
              <span className="wants">
                {policy.wants === null ? 'no opinion' : `wants ${policy.wants}`}
                {policy.cappedBy === null ? '' : `, limited by ${spaced(policy.cappedBy)}`}
              </span>
            </p>
            <p>Sees {policy.sees}.</p>
            <p className="muted">
              {policy.why} {policy.waitsUntil === null ? null : <Countdown until={policy.waitsUntil} />}
            </p>
          </div>
        ))}
        <Next next={next} />
        {holds.map((hold) => (
          <div className="hold" key={`${hold.code} ${hold.message}`}>
            <span>
              <span className="tag">{spaced(hold.code)}</span> {hold.message}
            </span>
            {hold.until === null ? null : <Countdown until={hold.until} />}
          </div>
        ))}
        {notes.map((note) => (
          <p className="hold" key={note}>
            {note}
          </p>
        ))}
        {nothing ? (
          <p className="empty">Nothing is to be done, and nothing is waited for: the group is as it should be.</p>
        ) : null}
      </div>
    </Panel>
  );
}

function Next({ next }: { readonly next: readonly Activity[] }) {
  if (next.length === 0) return null;
  return (
    <div className="policy">
      <p className="policy-head">
        <b>Next</b>
      </p>
      <ul>
        {next.map(({ message, instanceId }) => (
          <li key={message}>
            <Message text={message} instanceId={instanceId} />
          </li>
        ))}
      </ul>
    </div>
  );
}
