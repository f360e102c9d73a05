import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampleGroup, sampleLoadBalancer, sampleMember, sampleState } from '../../test/haproxy-samples.ts';
import type { Account } from '../base/accounts.ts';
import { ALGORITHMS, type TargetGroup } from '../model/fleet.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { findBinary, validate } from './binary.ts';
import { pathsIn } from './paths.ts';
import { type Rendering, renderConfig } from './render.ts';
import { serverIds, serversOf } from './servers.ts';

const GOLDEN = `${import.meta.dirname}/../../test/golden/haproxy`;
const paths = pathsIn('/var/lib/drover/web');
const capabilities = { poolLimitsNeeded: true };
const OPEN_FILES = 1_048_576;
const signal = new AbortController().signal;

function render(desired: DesiredState, account: Account | null = null): Rendering {
  return renderConfig(desired, serverIds(serversOf(desired.members), new Map()), paths, capabilities, {
    openFiles: OPEN_FILES,
    account,
  });
}

const everyAlgorithm: readonly TargetGroup[] = ALGORITHMS.map((algorithm) => ({
  ...sampleGroup,
  name: algorithm,
  algorithm,
}));

const CASES: Readonly<Record<string, DesiredState>> = {
  empty: sampleState([]),
  members: {
    ...sampleState([
      sampleMember('i-1', { proven: true }),
      sampleMember('i-2', { proven: true, state: 'draining', endpoint: { address: '::1', port: 9002 } }),
      sampleMember('i-3', { weight: 7 }),
    ]),
    loadBalancer: {
      ...sampleLoadBalancer,
      listeners: [
        { address: '0.0.0.0', port: 80, targetGroup: 'hello', trustedProxies: [] },
        { address: '::1', port: 8080, targetGroup: 'hello', trustedProxies: [] },
      ],
      statsPage: { address: '127.0.0.1', port: 8404 },
    },
  },
  ports: {
    ...sampleState([
      sampleMember('i-1', { endpoint: { address: '10.0.0.1', port: 8080 }, proven: true }),
      sampleMember('i-1', {
        targetGroup: 'admin',
        endpoint: { address: '10.0.0.1', port: 9000 },
        checkPort: 9100,
        proven: true,
      }),
    ]),
    targetGroups: [
      { ...sampleGroup, port: 8080 },
      { ...sampleGroup, name: 'admin', port: 9000, healthCheck: { ...sampleGroup.healthCheck, port: 9100 } },
    ],
  },
  algorithms: {
    loadBalancer: {
      ...sampleLoadBalancer,
      name: 'all',
      listeners: everyAlgorithm.map(({ name }, index) => ({
        address: '127.0.0.1',
        port: 5000 + index,
        targetGroup: name,
        trustedProxies: [],
      })),
    },
    targetGroups: everyAlgorithm,
    members: everyAlgorithm.map(({ name }) => sampleMember('i-1', { targetGroup: name, weight: 7, proven: true })),
  },
  'health-check': sampleState([], {
    ...sampleGroup,
    slowStartMs: 30_000,
    deregistrationDelayMs: 3_600_000,
    healthCheck: { ...sampleGroup.healthCheck, path: '/a?b=1;c=#%20&d=$HOME!', matcher: '200,204,301-302' },
  }),
};

describe('renderConfig', () => {
  for (const [name, desired] of Object.entries(CASES)) {
    it(`writes ${name} as in its golden file, which HAProxy takes`, async () => {
      const text = render(desired).text();
      await expect(text).toMatchFileSnapshot(`${GOLDEN}/${name}.cfg`);
      await using folder = await mkdtempDisposable(join(tmpdir(), 'drover-render-'));
      const file = join(folder.path, 'haproxy.cfg');
      await writeFile(file, text);
      const binary = await findBinary(process.env.DROVER_HAPROXY, signal);
      await validate(binary, file, signal);
    });
  }

  it('has a fingerprint that only members leave alone', () => {
    const before = render(sampleState([])).fingerprint;
    expect(render(sampleState([sampleMember('i-1'), sampleMember('i-2', { proven: true })])).fingerprint).toBe(before);
    const other = sampleState([], { ...sampleGroup, slowStartMs: 1 });
    expect(render(other).fingerprint).not.toBe(before);
    expect(render(other).text()).toContain(`description ${render(other).fingerprint}\n`);
    const account = { name: 'proxy', userId: 13, groupId: 14, home: '/' };
    expect(render(sampleState([]), account).fingerprint).not.toBe(before);
    expect(render(sampleState([]), account).text()).toContain('\n  uid 13\n  gid 14\n');
  });
});
