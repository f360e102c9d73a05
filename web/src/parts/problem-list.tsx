import { Link } from 'wouter';
import type { Problem } from '../problems.ts';
import { Since } from './time.tsx';

export function ProblemList({ problems }: { readonly problems: readonly Problem[] }) {
  return (
    <ul>
      {problems.map(({ key, level, subject, href, message, since }) => (
        <li className={`problem ${level}`} key={key}>
          <b className="clip">
            <Link href={href}>{subject}</Link>
          </b>
          <span>{message}</span>
          <span className="muted small">
            {since === null ? null : (
              <>
                for <Since at={since} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
