import { expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { MissingCode, Reading } from '../../../src/model/observation.ts';
import { healthy, reasons } from '../../support/decisions.ts';
import { MINUTE, metric, simply, stepping, tracking } from '../../support/policies.ts';
import { NOW, snapshotOf } from '../../support/snapshot.ts';

const POLICIES = [
  ['target tracking', tracking({ whenMissing: 'maxSize' })],
  ['target tracking of a total', tracking({ whenMissing: 'maxSize', valueIs: 'total' })],
  ['steps', stepping({ whenMissing: 'maxSize' })],
  ['simple scaling', simply({ whenMissing: 'maxSize' })],
] as const;

/** Two decisions, far enough apart for a gap to be told. */
function decideOn(code: MissingCode, policy: (typeof POLICIES)[number][1], size: number) {
  const group = { metrics: [metric('cpu')], scalingPolicies: [policy], minSize: 0, desiredCapacity: size };
  const reading: Reading = { kind: 'missing', code, detail: 'no server is in service', at: NOW };
  const metrics = new Map([['cpu', reading]]);
  const servers = healthy('a', 'b', 'c').slice(0, size);
  const { memory } = decide(snapshotOf(servers, { group }, { metrics }), NOW);
  return decide(snapshotOf(servers, { group, memory }, { metrics }), NOW + 2 * MINUTE);
}

it.each(POLICIES)('a group of no servers misses nothing that is measured on servers: %s', (_, policy) => {
  const decision = decideOn('noServers', policy, 0);
  expect([decision.memory.desired, reasons(decision)]).toEqual([0, []]);
  expect(decision.verdicts[0]).toMatchObject({ wants: null, agreesToScaleIn: true, sees: 'no servers to measure' });
});

it.each(POLICIES)('with servers it does, and without them whatever is measured elsewhere: %s', (name, policy) => {
  expect(reasons(decideOn('noServers', policy, 2))).toContain('metricMissing');
  if (name !== 'target tracking') expect(reasons(decideOn('absent', policy, 0))).toContain('metricMissing');
});
