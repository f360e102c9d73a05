import { describe, expect, it } from 'vitest';
import { renderFrame, renderStatus } from '../../../src/cli/live/frame.ts';
import { demoHints } from '../../../src/cli/live/hints.ts';
import { renderChanges, renderPlan } from '../../../src/cli/render/changes.ts';
import type { Look } from '../../../src/cli/render/look.ts';
import { FakeFleetService } from '../../support/fake-service.ts';

const PROGRAM = 'bin/drover --data examples/hello/.drover';
const look = (columns: number): Look => ({ columns, rows: 24, color: false, unicode: true, now: 0, program: PROGRAM });

function service() {
  const made = new FakeFleetService({ now: () => 0 });
  made.status();
  return made;
}

describe('a command that is shown can be typed as it is', () => {
  it.each([60, 80, 120])('in the hints of the demo at %i columns', async (columns) => {
    const status = service().status();
    for (const rows of [14, 24, 40]) {
      const frame = { status, activities: [], hints: demoHints(status, '/srv', PROGRAM), notice: null };
      const text = renderFrame(frame, { ...look(columns), rows });
      for (const { command, effect } of frame.hints) {
        expect(text).toContain(command);
        if (rows === 40) expect(text.replaceAll(/\s+/g, ' ')).toContain(effect);
      }
      expect(text).not.toContain('…');
    }
  });

  it('in what a group waits for', async () => {
    const made = service();
    made.suspended = '5 launches failed in a row.';
    const text = renderStatus(made.status(), look(160));
    expect(text).toContain(`\`${PROGRAM} resume hello\``);
    const holds = [{ code: 'processSuspended', message: 'Suspended. Resume with `drover resume hello`.', until: null }];
    const groups = [{ group: 'hello', activities: [], holds, notes: [] }];
    const plan = renderPlan({ at: 0, fleetChanges: [], loadBalancers: [], groups }, look(200));
    expect(plan).toContain(`\`${PROGRAM} resume hello\``);
  });
});

describe('nothing is cut of', () => {
  const effect = 'running servers are registered and deregistered; none is replaced, and HAProxy is reloaded for it';
  const path = 'autoScalingGroups.hello.scalingPolicies.requests.scaleIn.maxChange.instances';
  const changes = [
    {
      kind: 'change' as const,
      path,
      before: 'one of several long values',
      after: 'a long value that it has now',
      effect,
    },
  ];

  it.each([60, 80, 120, 160])('a change and its effect at %i columns', (columns) => {
    const lines = renderChanges(changes, look(columns));
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.join('\n')).not.toContain('…');
    const words = lines.slice(1).join(' ').split(/\s+/);
    expect(words).toEqual(expect.arrayContaining(effect.split(' ')));
  });

  it('a hold in the plan at 80 columns', () => {
    const message = `The next launch waits after 3 failures: ${'the command ended with code 1 '.repeat(6)}.`;
    const groups = [{ group: 'hello', activities: [], holds: [{ code: 'x', message, until: null }], notes: [] }];
    const text = renderPlan({ at: 0, fleetChanges: [], loadBalancers: [], groups }, look(80));
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(message.replaceAll(/\s+/g, ' '));
  });
});
