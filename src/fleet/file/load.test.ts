import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorsOf, parse } from './load-for-test.ts';

const SMALL = `fleet: shop
autoScalingGroups:
  workers:
    minSize: 1
    maxSize: 2
    launchTemplate:
      provider: process
      command: [work]
`;

describe('parseFleet', () => {
  it('reads the example', () => {
    const text = readFileSync(new URL('../../../examples/hello/fleet.yaml', import.meta.url));
    const result = parse(text);
    expect(result).toMatchObject({
      ok: true,
      fleet: {
        name: 'hello',
        loadBalancers: [
          {
            name: 'web',
            listeners: [{ address: '127.0.0.1', port: 5000, targetGroup: 'hello' }],
            statsPage: { address: '127.0.0.1', port: 8404 },
          },
        ],
        targetGroups: [{ name: 'hello', healthCheck: { path: '/health', matcher: '200', fastIntervalMs: 100 } }],
        autoScalingGroups: [{ name: 'hello', desiredCapacity: 3, desiredCapacityFile: '/srv/shop/desired' }],
      },
    });
  });

  it('fills in every default', () => {
    const text = `${SMALL}targetGroups:\n  web: {}\nloadBalancers:\n  web:\n    listeners: [{ port: 80, targetGroup: web }]\n`;
    const result = parse(text);
    expect(result.ok ? result.fleet : result).toMatchInlineSnapshot(`
      {
        "autoScalingGroups": [
          {
            "defaultInstanceWarmupMs": 0,
            "desiredCapacity": null,
            "desiredCapacityFile": null,
            "healthCheckGracePeriodMs": 300000,
            "launchRetry": {
              "initialBackoffMs": 9000,
              "maxBackoffMs": 900000,
              "suspendAfter": 15,
            },
            "launchTemplate": {
              "instanceTypes": [],
              "provider": "process",
              "settings": {
                "command": [
                  "work",
                ],
                "environment": {},
                "stopTimeoutMs": 10000,
              },
              "version": "73c1865dae1a",
              "weight": 100,
              "zones": [],
            },
            "launchTimeoutMs": 900000,
            "maxSize": 2,
            "metrics": [],
            "minSize": 1,
            "name": "workers",
            "orphanGracePeriodMs": 300000,
            "probeBeforeRegistration": false,
            "scalingPolicies": [],
            "scheduledActions": [],
            "targetGroups": [],
            "terminationCommand": null,
            "terminationPolicies": [
              "Default",
            ],
          },
        ],
        "history": {
          "activityRows": 100000,
          "sampleRows": 200000,
          "terminatedInstanceRows": 10000,
        },
        "loadBalancers": [
          {
            "hardStopAfterMs": 86400000,
            "idleTimeoutMs": 300000,
            "listeners": [
              {
                "address": "127.0.0.1",
                "port": 80,
                "targetGroup": "web",
                "trustedProxies": [],
              },
            ],
            "maxConnections": 5000,
            "maxHeaderBytes": 20480,
            "name": "web",
            "statsPage": null,
            "threads": null,
            "user": null,
          },
        ],
        "name": "shop",
        "notifications": [],
        "providers": [],
        "targetGroups": [
          {
            "algorithm": "roundRobin",
            "connectionReuse": "safe",
            "deregistrationDelayMs": 300000,
            "healthCheck": {
              "downIntervalMs": 200,
              "fastIntervalMs": 200,
              "headers": [],
              "healthyThreshold": 2,
              "host": "localhost",
              "intervalMs": 2000,
              "matcher": "200",
              "method": "GET",
              "path": "/",
              "port": null,
              "timeoutMs": 1000,
              "unhealthyThreshold": 3,
            },
            "maxConnectionsPerTarget": null,
            "name": "web",
            "outlierDetection": {
              "action": "report",
              "consecutiveIntervals": 3,
              "errorShare": 0.5,
              "intervalMs": 10000,
              "minRequests": 20,
            },
            "port": null,
            "queueTimeoutMs": 30000,
            "slowStartMs": 0,
          },
        ],
      }
    `);
  });
});

describe('errors', () => {
  it('look like this', () => {
    expect(
      errorsOf(`fleet: my shop
loadBalancer: {}
loadBalancers:
  web:
    listeners:
      - port: 70000
        adress: localhost
        targetGroup: web
    statsPage:
targetGroups:
  web:
    algorithm: leastConnection
    healthCheck:
      path: health check
      matcher: 399-200
      interval: 2
      timeout: fast
      healthyThreshold: "2"
      unhealthyThreshold: 1.5
    deregistrationDelay: 2h
  -web: {}
autoScalingGroups:
  web:
    targetGroups: web
    minSize: -1
    max_size: 3
    terminationPolicies: [OldestInstances]
    launchTemplate:
      provider: process
      weight: 0
      command: node server.js
  batch:
    minSize: 1
    maxSize: 1
    launchTemplate:
      provider: proces
  more:
    minSize: 1
    maxSize: 1
    launchTemplate:
      provider: process
      comand: [node]
      command: [sleep, 60]
      stopTimeout: 5
`),
    ).toMatchInlineSnapshot(`
      "/srv/shop/fleet.yaml:1:1  fleet: my shop  a name has 1 to 32 letters, digits, - and _, starts with a letter or a digit, and is not a number
           1 | fleet: my shop
             | ^
      /srv/shop/fleet.yaml:2:1  loadBalancer  unknown key; did you mean loadBalancers?
           2 | loadBalancer: {}
             | ^
      /srv/shop/fleet.yaml:6:9  loadBalancers.web.listeners[0].port: 70000  it must be at most 65535
           6 |       - port: 70000
             |         ^
      /srv/shop/fleet.yaml:7:9  loadBalancers.web.listeners[0].adress  unknown key; did you mean address?
      /srv/shop/fleet.yaml:9:5  loadBalancers.web.statsPage  it is empty; it must be a mapping of keys to values
      /srv/shop/fleet.yaml:12:5  targetGroups.web.algorithm: leastConnection  it must be one of roundRobin, weightedRoundRobin, leastConnections, sourceIpHash, urlHash, random; did you mean leastConnections?
          12 |     algorithm: leastConnection
             |     ^
      /srv/shop/fleet.yaml:14:7  targetGroups.web.healthCheck.path: health check  it must start with / and have no spaces, quotes, #, $ or \\; write others as %20 and the like
          14 |       path: health check
             |       ^
      /srv/shop/fleet.yaml:15:7  targetGroups.web.healthCheck.matcher: 399-200  it must be HTTP status codes from 200 to 599, such as 200, 200-399 or 200,204,301-302, without spaces
          15 |       matcher: 399-200
             |       ^
      /srv/shop/fleet.yaml:16:7  targetGroups.web.healthCheck.interval: 2  a duration needs a unit: write 2s for seconds or 2ms for milliseconds
          16 |       interval: 2
             |       ^
      /srv/shop/fleet.yaml:17:7  targetGroups.web.healthCheck.timeout: fast  it must be a duration in whole numbers, largest unit first, such as 300ms, 30s, 5m or 1h30m
          17 |       timeout: fast
             |       ^
      /srv/shop/fleet.yaml:18:7  targetGroups.web.healthCheck.healthyThreshold: 2  it must be a number: leave out the quotes, 2
          18 |       healthyThreshold: "2"
             |       ^
      /srv/shop/fleet.yaml:19:7  targetGroups.web.healthCheck.unhealthyThreshold: 1.5  it must be a whole number
          19 |       unhealthyThreshold: 1.5
             |       ^
      /srv/shop/fleet.yaml:20:5  targetGroups.web.deregistrationDelay: 2h  2h is out of range; it must be from 0s to 1h
          20 |     deregistrationDelay: 2h
             |     ^
      /srv/shop/fleet.yaml:21:3  targetGroups.-web  a name has 1 to 32 letters, digits, - and _, starts with a letter or a digit, and is not a number
          21 |   -web: {}
             |   ^
      /srv/shop/fleet.yaml:23:3  autoScalingGroups.web.maxSize  it is missing; it must be a number
          23 |   web:
             |   ^
      /srv/shop/fleet.yaml:24:5  autoScalingGroups.web.targetGroups  it must be a list in brackets, such as [one, two]
      /srv/shop/fleet.yaml:25:5  autoScalingGroups.web.minSize: -1  it must be at least 0
          25 |     minSize: -1
             |     ^
      /srv/shop/fleet.yaml:26:5  autoScalingGroups.web.max_size  unknown key; did you mean maxSize?
      /srv/shop/fleet.yaml:27:27  autoScalingGroups.web.terminationPolicies[0]: OldestInstances  it must be one of Default, OldestInstance, NewestInstance, OldestLaunchTemplate; did you mean OldestInstance?
          27 |     terminationPolicies: [OldestInstances]
             |                           ^
      /srv/shop/fleet.yaml:30:7  autoScalingGroups.web.launchTemplate.weight: 0  it must be at least 1
          30 |       weight: 0
             |       ^
      /srv/shop/fleet.yaml:36:7  autoScalingGroups.batch.launchTemplate.provider  there is no provider "proces"; did you mean process?
      /srv/shop/fleet.yaml:42:7  autoScalingGroups.more.launchTemplate.comand  unknown key; did you mean command?
      /srv/shop/fleet.yaml:43:24  autoScalingGroups.more.launchTemplate.command[1]  it must be text: put it in quotes
      /srv/shop/fleet.yaml:44:7  autoScalingGroups.more.launchTemplate.stopTimeout: 5  a duration needs a unit: write 5s for seconds or 5ms for milliseconds
          44 |       stopTimeout: 5
             |       ^"
    `);
  });

  it('of several keys together look like this', () => {
    expect(
      errorsOf(`fleet: shop
loadBalancers:
  a:
    listeners:
      - { port: 80, targetGroup: web }
      - { port: 80, address: 0.0.0.0, targetGroup: wbe }
      - { port: 81, address: "::1", targetGroup: web }
    statsPage: { port: 81, address: "0:0::1" }
  b:
    listeners:
      - { port: 82, targetGroup: web }
targetGroups:
  web:
    healthCheck: { interval: 1s, timeout: 2s, fastInterval: 3s }
autoScalingGroups:
  one:
    targetGroups: [web, web, none]
    minSize: 3
    maxSize: 2
    desiredCapacityFile: desired
    launchRetry: { initialBackoff: 1h }
    launchTemplate: { provider: process, command: [a] }
  two:
    targetGroups: [web]
    minSize: 0
    maxSize: 5000
    desiredCapacity: 5000
    desiredCapacityFile: ./desired
    terminationPolicies: [Default, NewestInstance, NewestInstance]
    launchTemplate: { provider: process, command: [a] }
  three:
    minSize: 1
    maxSize: 2
    desiredCapacity: 3
    launchTemplate: { provider: process, command: [a] }
`),
    ).toMatchInlineSnapshot(`
      "/srv/shop/fleet.yaml:6:11  loadBalancers.a.listeners[1].port: 80  loadBalancers.a.listeners[0] listens on port 80 already; choose another port
           6 |       - { port: 80, address: 0.0.0.0, targetGroup: wbe }
             |           ^
      /srv/shop/fleet.yaml:6:39  loadBalancers.a.listeners[1].targetGroup: wbe  there is no target group wbe; known: web
           6 |       - { port: 80, address: 0.0.0.0, targetGroup: wbe }
             |                                       ^
      /srv/shop/fleet.yaml:8:18  loadBalancers.a.statsPage.port: 81  loadBalancers.a.listeners[2] listens on port 81 already; choose another port
           8 |     statsPage: { port: 81, address: "0:0::1" }
             |                  ^
      /srv/shop/fleet.yaml:11:21  loadBalancers.b.listeners[0].targetGroup: web  target group web is behind load balancer a already; give this one a target group of its own
          11 |       - { port: 82, targetGroup: web }
             |                     ^
      /srv/shop/fleet.yaml:13:3  targetGroups.web.algorithm  roundRobin takes at most 4095 servers and its groups may have 5002; use leastConnections or random, or lower maxSize
          13 |   web:
             |   ^
      /srv/shop/fleet.yaml:14:34  targetGroups.web.healthCheck.timeout: 2s  timeout is more than interval (1s); make it 1s or less, so that checks do not pile up
          14 |     healthCheck: { interval: 1s, timeout: 2s, fastInterval: 3s }
             |                                  ^
      /srv/shop/fleet.yaml:14:47  targetGroups.web.healthCheck.fastInterval: 3s  fastInterval is more than interval (1s); make it 1s or less
          14 |     healthCheck: { interval: 1s, timeout: 2s, fastInterval: 3s }
             |                                               ^
      /srv/shop/fleet.yaml:17:25  autoScalingGroups.one.targetGroups[1]: web  web is named twice; leave one out
          17 |     targetGroups: [web, web, none]
             |                         ^
      /srv/shop/fleet.yaml:17:30  autoScalingGroups.one.targetGroups[2]: none  there is no target group none; known: web
          17 |     targetGroups: [web, web, none]
             |                              ^
      /srv/shop/fleet.yaml:18:5  autoScalingGroups.one.minSize: 3  minSize is more than maxSize (2); lower it, or raise maxSize
          18 |     minSize: 3
             |     ^
      /srv/shop/fleet.yaml:21:20  autoScalingGroups.one.launchRetry.initialBackoff: 1h  initialBackoff is more than maxBackoff (15m)
          21 |     launchRetry: { initialBackoff: 1h }
             |                    ^
      /srv/shop/fleet.yaml:28:5  autoScalingGroups.two.desiredCapacityFile: ./desired  group one is sized by this file already; give each group a file of its own
          28 |     desiredCapacityFile: ./desired
             |     ^
      /srv/shop/fleet.yaml:29:27  autoScalingGroups.two.terminationPolicies[0]: Default  Default always decides, so those after it would never be asked; put it last
          29 |     terminationPolicies: [Default, NewestInstance, NewestInstance]
             |                           ^
      /srv/shop/fleet.yaml:29:52  autoScalingGroups.two.terminationPolicies[2]: NewestInstance  NewestInstance is named twice; leave one out
          29 |     terminationPolicies: [Default, NewestInstance, NewestInstance]
             |                                                    ^
      /srv/shop/fleet.yaml:34:5  autoScalingGroups.three.desiredCapacity: 3  it must be from minSize (1) to maxSize (2)
          34 |     desiredCapacity: 3
             |     ^"
    `);
  });

  it.each([
    ['empty', ''],
    ['a comment only', '# nothing\n'],
    ['no mapping', '- a\n'],
    ['not closed', 'fleet: [a'],
    ['tabs', 'autoScalingGroups:\n\tweb: {}\n'],
    ['repeated key', `${SMALL}fleet: other\n`],
    ['two documents', `${SMALL}---\n${SMALL}`],
    ['unknown anchor', 'fleet: *nowhere\n'],
    ['an anchor within itself', 'fleet: &a [*a]\n'],
    ['unknown tag', 'fleet: !!js/function x\n'],
    ['merge key', `base: &b { minSize: 1 }\n${SMALL.replace('minSize: 1', '<<: *b')}`],
    ['key that is no text', `? [a, b]\n: 3\n${SMALL}`],
    ['__proto__', `${SMALL}targetGroups: { __proto__: {} }\n`],
    ['terminal escapes', `fleet: "\\e[31m\u001b[31m"\n`],
  ])('%s', (_, text) => {
    expect(errorsOf(text)).toMatchSnapshot();
  });
});

describe('version of a launch template', () => {
  function versionOf(text: string): string | undefined {
    const result = parse(text);
    return result.ok ? result.fleet.autoScalingGroups[0]?.launchTemplate.version : undefined;
  }
  const template = (lines: string) => SMALL.replace('      command: [work]\n', lines);

  it('does not depend on the order of the keys, nor on defaults being written out', () => {
    const one = versionOf(template('      command: [a]\n      environment: { A: x, B: y }\n'));
    const other = versionOf(template('      environment: { B: y, A: x }\n      command: [a]\n      weight: 100\n'));
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect(other).toBe(one);
  });

  it('changes with the settings and with the weight', () => {
    const versions = ['[a]', '[b]', '[a, b]', '[a]\n      weight: 99'].map((x) =>
      versionOf(template(`      command: ${x}\n`)),
    );
    expect(new Set(versions).size).toBe(4);
  });
});
