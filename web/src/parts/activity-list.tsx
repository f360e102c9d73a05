import { Link } from 'wouter';
import type { StoredActivity } from '../api.ts';
import { spaced } from '../words.ts';
import { Ago } from './time.tsx';

const LEVEL_WORDS = { info: '', warning: 'Warning: ', error: 'Error: ' } as const;

/** What was done, or refused, and why: one entry for each decision. */
export function ActivityList({
  activities,
  showGroup = true,
}: {
  readonly activities: readonly StoredActivity[];
  readonly showGroup?: boolean;
}) {
  if (activities.length === 0) return <p className="empty">Nothing has happened yet.</p>;
  return (
    <ol>
      {activities.map((activity) => (
        <Entry key={activity.sequence} activity={activity} showGroup={showGroup} />
      ))}
    </ol>
  );
}

function Entry({ activity, showGroup }: { readonly activity: StoredActivity; readonly showGroup: boolean }) {
  const { at, group, instanceId, level, reason, message, cappedBy } = activity;
  return (
    <li className={`activity ${level}`}>
      <span className="dot" aria-hidden="true" />
      <div>
        <p className="line">
          <span>{spaced(reason)}</span>
          {showGroup && group !== null ? <Link href={`/groups/${encodeURIComponent(group)}`}>{group}</Link> : null}
          <Ago at={at} />
        </p>
        <p>
          <span className="hidden-visually">{LEVEL_WORDS[level]}</span>
          <Message text={message} instanceId={instanceId} />
          {cappedBy === null ? null : <span className="muted"> Limited by {spaced(cappedBy)}.</span>}
        </p>
      </div>
    </li>
  );
}

/** The instance's id in the sentence leads to the instance. */
export function Message({ text, instanceId }: { readonly text: string; readonly instanceId: string | null }) {
  const at = instanceId === null ? -1 : text.indexOf(instanceId);
  if (instanceId === null || at === -1) return text;
  return (
    <>
      {text.slice(0, at)}
      <Link className="mono" href={`/instances/${encodeURIComponent(instanceId)}`}>
        {instanceId}
      </Link>
      {text.slice(at + instanceId.length)}
    </>
  );
}
