import { type AutoScalingGroup, DEFAULT_HISTORY } from '../../src/model/fleet.ts';
import { sampleLoadBalancer } from '../haproxy-samples.ts';
import { runSeed } from '../simulation/run/run.ts';
import type { Scenario } from '../simulation/scenario/scenario.ts';
import { calmConditions } from '../simulation/world/conditions.ts';
import { SERVER_PORTS } from '../simulation/world/network.ts';
import { droverController } from '../simulation/world/session.ts';
import { GROUP, TARGET_GROUP } from './snapshot.ts';

const LOCAL = { minMs: 1, maxMs: 20 };

/** A minute of a simulated fleet with one group, `web`, in which nothing goes wrong unless it is put in. */
export function simulated(group: Partial<AutoScalingGroup> = {}): Scenario {
  const targetGroup = { ...TARGET_GROUP, port: SERVER_PORTS.first, deregistrationDelayMs: 10_000 };
  const listeners = [{ address: '127.0.0.1', port: 5000, targetGroup: targetGroup.name, trustedProxies: [] }];
  return {
    fleet: {
      name: 'simulated',
      providers: [],
      loadBalancers: [{ ...sampleLoadBalancer, name: 'edge', listeners }],
      targetGroups: [targetGroup],
      autoScalingGroups: [{ ...GROUP, minSize: 1, ...group }],
      notifications: [],
      history: DEFAULT_HISTORY,
    },
    conditions: calmConditions(LOCAL),
    zones: [],
    happenings: [],
    crashes: [],
    quietAtMs: 60_000,
  };
}

/** What came of a scenario, and the whole of its story. */
export async function lived(
  scenario: Scenario,
  seed = 1,
): Promise<{ readonly lines: readonly string[]; readonly violations: readonly { readonly invariant: string }[] }> {
  const lines: string[] = [];
  const options = { controller: droverController, scenario, onLine: (line: string) => lines.push(line) };
  const { violations } = await runSeed(seed, options);
  return { lines, violations };
}
