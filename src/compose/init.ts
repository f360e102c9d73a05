import { join } from 'node:path';
import { checkListeners } from '../haproxy/listening.ts';
import type { Starter } from '../model/starter.ts';
import { PortError } from '../ports/errors.ts';
import { providerTypes } from '../providers/registry.ts';

/** Each provider type that says how a first fleet file for it is written, by its name. */
export async function starters(): Promise<ReadonlyMap<string, Starter>> {
  return new Map(
    [...providerTypes].flatMap(([name, { starter }]) => (starter === undefined ? [] : [[name, starter] as const])),
  );
}

/** Why a load balancer of a new fleet could not listen on a port of this host; null where it can. */
export async function portProblem(port: number): Promise<string | null> {
  const listeners = [{ address: '127.0.0.1', port, targetGroup: '', trustedProxies: [] }];
  // Nothing of a fleet runs yet: no process has this configuration.
  const config = join('/nonexistent', 'haproxy.cfg');
  try {
    await checkListeners({ loadBalancer: { listeners, statsPage: null } }, config);
    return null;
  } catch (error) {
    if (error instanceof PortError) return error.message;
    throw error;
  }
}
