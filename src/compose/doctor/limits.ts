import { pid } from 'node:process';
import { connectionLimit, openFileLimit } from '../../haproxy/open-files.ts';
import type { Finding } from '../../model/finding.ts';
import type { Fleet } from '../../model/fleet.ts';

/** How many files HAProxy may have open, and so connections, if it is started as this command was. */
export async function examineLimits(fleet: Fleet | null): Promise<readonly Finding[]> {
  const files = await openFileLimit(pid);
  const low = (fleet?.loadBalancers ?? []).flatMap((loadBalancer): Finding[] => {
    const { name, maxConnections } = loadBalancer;
    const { connections } = connectionLimit(loadBalancer, files);
    if (connections >= maxConnections) return [];
    const message = `Each listener of load balancer ${name} would take ${connections} connections at a time, not its maxConnections of ${maxConnections}: the hard limit of open files is ${files}.`;
    const remedy =
      'Raise it where Drover is started (ulimit -Hn, LimitNOFILE= in the systemd unit), or lower maxConnections.';
    return [{ level: 'warning', message, remedy }];
  });
  const many = files === Number.MAX_SAFE_INTEGER ? 'unlimited' : String(files);
  return low.length > 0 ? low : [{ level: 'ok', message: `The hard limit of open files is ${many}.`, remedy: null }];
}
