import { join } from 'node:path';
import { checkListeners } from '../../haproxy/listening.ts';
import { pathsIn } from '../../haproxy/paths.ts';
import type { Finding } from '../../model/finding.ts';
import type { Fleet, LoadBalancer } from '../../model/fleet.ts';
import { PortError } from '../../ports/errors.ts';
import { sentence } from './examination.ts';

type Wanted = Pick<LoadBalancer, 'listeners' | 'statsPage'>;

/** Whether each listener's port is free, or this fleet's own HAProxy's already. */
export async function examinePorts(fleet: Fleet | null, dataDir: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  let wanted = 0;
  for (const { name, listeners, statsPage } of fleet?.loadBalancers ?? []) {
    const { config } = pathsIn(join(dataDir, 'haproxy', name));
    const each: Wanted[] = listeners.map((listener) => ({ listeners: [listener], statsPage: null }));
    for (const loadBalancer of [...each, { listeners: [], statsPage }]) {
      const taken = await whyTaken(loadBalancer, config);
      wanted += loadBalancer.listeners.length + (loadBalancer.statsPage === null ? 0 : 1);
      if (taken !== null)
        findings.push({ level: 'error', message: sentence(`Load balancer ${name}: ${taken}`), remedy: null });
    }
  }
  if (findings.length > 0) return findings;
  const message = wanted === 0 ? 'None is needed.' : 'Each port is free, or listened on by this fleet already.';
  return [{ level: 'ok', message, remedy: null }];
}

/** With what to do about it. */
async function whyTaken(loadBalancer: Wanted, config: string): Promise<string | null> {
  try {
    await checkListeners({ loadBalancer }, config);
    return null;
  } catch (error) {
    if (error instanceof PortError) return error.message;
    throw error;
  }
}
