import type { Header, HealthCheck } from './fleet.ts';

const USER_AGENT: Header = { name: 'User-Agent', value: 'Drover-HealthCheck' };

/** The headers of a health check in the order in which they are sent: the load balancer and Drover's own probe send the same. */
export function healthCheckHeaders({ host, headers }: HealthCheck): readonly Header[] {
  const isNamed = headers.some(({ name }) => name.toLowerCase() === 'user-agent');
  return [{ name: 'Host', value: host }, ...(isNamed ? [] : [USER_AGENT]), ...headers];
}

/** Whether an HTTP status satisfies a matcher: codes and ranges, separated by commas, as HAProxy writes them (`200,301-302`). */
export function matchesStatus(matcher: string, status: number): boolean {
  return matcher.split(',').some((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return first !== undefined && last !== undefined && status >= first && status <= last;
  });
}
