import { useNow } from '../now.ts';
import { ago, dayAndTime, duration } from '../words.ts';

/** How long ago something was, with the moment itself as a tooltip. */
export function Ago({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={dayAndTime(at)}>
      {ago(now - at)}
    </time>
  );
}

/** For how long something has been so. */
export function Since({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={dayAndTime(at)}>
      {duration(now - at)}
    </time>
  );
}

/** What is left until then. */
export function Countdown({ until }: { readonly until: number }) {
  const now = useNow();
  return (
    <time className="countdown" dateTime={new Date(until).toISOString()} title={dayAndTime(until)}>
      {until <= now ? 'now' : `${duration(until - now)} left`}
    </time>
  );
}
