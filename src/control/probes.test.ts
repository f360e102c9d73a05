import { expect, it } from 'vitest';
import { settle, VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { snapshotOf } from '../../test/support/snapshot.ts';
import type { ProbeAnswer } from '../ports/probe.ts';
import { Probes } from './probes.ts';

const GOOD = { healthy: true, answered: true, detail: 'answered 200' };
const BAD = { healthy: false, answered: true, detail: 'answered 503' };
const NONE = { healthy: false, answered: false, detail: 'the connection was lost' };

/** What is known of a server that answers the request of each of its target groups so. */
async function lookedAt(...answers: readonly ProbeAnswer[]) {
  const left = [...answers];
  const probes = new Probes(
    { check: async () => left.shift() ?? NONE },
    new VirtualClock(),
    () => {},
    (error) => expect.fail(String(error)),
  );
  const { instances, targetGroups } = snapshotOf([{ id: 'a' }]);
  const [instance] = instances;
  const [web] = targetGroups;
  if (instance === undefined || web === undefined) throw new Error('there is one of each');
  const asked = answers.map((_, index) => ({ ...web, name: `web-${index}` }));
  probes.ask(instance, asked);
  await settle();
  probes.stop();
  return probes.answers.get('a');
}

it.each([
  { of: 'two good answers', answers: [GOOD, GOOD], says: { healthy: true, answered: true } },
  { of: 'a good and a bad one', answers: [GOOD, BAD], says: { ...BAD } },
  { of: 'a good one and none', answers: [GOOD, NONE], says: { ...NONE, answered: true } },
  { of: 'none and a bad one', answers: [NONE, BAD], says: { healthy: false, answered: true } },
  { of: 'none at all', answers: [NONE, NONE], says: { ...NONE } },
])('of $of it is known whether all are good, and whether there was any', async ({ answers, says }) => {
  expect(await lookedAt(...answers)).toMatchObject(says);
});
