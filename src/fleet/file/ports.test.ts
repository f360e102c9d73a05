import { expect, it } from 'vitest';
import { errorsOf, parse } from './load-for-test.ts';

const fleet = (provider: string, targetGroup: string) => `fleet: shop
targetGroups:
  web: ${targetGroup}
autoScalingGroups:
  one: &group
    targetGroups: [web]
    minSize: 1
    maxSize: 2
    launchTemplate: ${provider}
  two: *group
`;
const PROCESS = '{ provider: process, command: [serve] }';
const MACHINES = '{ provider: machines }';

it('a target group names the port of servers that are reached directly, and may name another for its checks', () => {
  const text = fleet(MACHINES, '{ port: 8080, healthCheck: { port: 9100 } }');
  expect(parse(text)).toMatchObject({
    ok: true,
    fleet: { targetGroups: [{ port: 8080, healthCheck: { port: 9100 } }] },
  });
});

it('it is said once where the port is missing', () => {
  expect(errorsOf(fleet(MACHINES, '{}'))).toMatchInlineSnapshot(`
    "/srv/shop/fleet.yaml:3:3  targetGroups.web  port is missing: servers of provider machines of group one are reached at the port that they listen on
         3 |   web: {}
           |   ^"
  `);
});

it('no port is named where the provider gives each server one', () => {
  expect(parse(fleet(PROCESS, '{}'))).toMatchObject({ ok: true, fleet: { targetGroups: [{ port: null }] } });
  expect(errorsOf(fleet(PROCESS, '{ port: 8080, healthCheck: { port: 9100 } }'))).toMatchInlineSnapshot(`
    "/srv/shop/fleet.yaml:3:10  targetGroups.web.port: 8080  provider process of group one gives each server a port of its own; leave it out
         3 |   web: { port: 8080, healthCheck: { port: 9100 } }
           |          ^
    /srv/shop/fleet.yaml:3:37  targetGroups.web.healthCheck.port: 9100  provider process of group one gives each server a port of its own; leave it out
         3 |   web: { port: 8080, healthCheck: { port: 9100 } }
           |                                     ^"
  `);
});
