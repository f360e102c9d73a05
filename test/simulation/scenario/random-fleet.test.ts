import { expect, it } from 'vitest';
import { checkFleet } from '../../../src/fleet/file/checks.ts';
import { stepProblems } from '../../../src/fleet/file/steps.ts';
import type { Fleet } from '../../../src/model/fleet.ts';
import { scenarioOf } from '../run/run.ts';
import { applyEdit } from './fleet-edits.ts';

const SEEDS = 300;

it('fleets are drawn as a fleet file may describe them, and stay so whatever is edited', () => {
  let scaled = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { fleet: first, happenings } = scenarioOf(seed);
    let fleet = first;
    expect(problemsOf(fleet)).toEqual([]);
    for (const { happening } of happenings) {
      if (happening.kind === 'editFleet') fleet = applyEdit(fleet, happening.edit);
      expect(problemsOf(fleet)).toEqual([]);
    }
    scaled += fleet.autoScalingGroups.filter(({ scalingPolicies }) => scalingPolicies.length > 0).length;
  }
  expect(scaled).toBeGreaterThan(SEEDS / 4);
});

function problemsOf(fleet: Fleet): unknown[] {
  const policies = fleet.autoScalingGroups.flatMap(({ scalingPolicies }) => scalingPolicies);
  return [
    ...checkFleet(fleet, new Map()),
    ...policies.flatMap((policy) => (policy.type === 'step' ? stepProblems(policy) : [])),
  ];
}
