import type { FleetChange } from '../../../src/fleet/change.ts';
import type { FleetVersionSummary } from '../../../src/model/fleet-version.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import type { FleetVersions } from '../../../src/views/fleet-versions.ts';
import { FakeRefusal } from './fake-refusal.ts';

const BASE = 1_795_000_000_000;
const HOUR_MS = 3_600_000;

/** A fleet file without an error. */
export const CONTENT: JsonObject = {
  fleet: 'shop',
  providers: {
    rack: {
      type: 'docker',
      hosts: { a: { engine: 'ssh://drover@10.0.0.11' }, b: { engine: 'ssh://drover@10.0.0.12' } },
    },
  },
  loadBalancers: { front: { listeners: [{ address: '0.0.0.0', port: 5000, targetGroup: 'web' }] } },
  targetGroups: { web: { port: 8080, healthCheck: { path: '/health', interval: '2s' } } },
  autoScalingGroups: {
    web: {
      targetGroups: ['web'],
      minSize: 4,
      maxSize: 24,
      metrics: { requests: { source: 'haproxy', targetGroup: 'web', measure: 'requestsPerTarget' } },
      scalingPolicies: {
        requests: { type: 'targetTracking', metric: 'requests', targetValue: 40, valueIs: 'average' },
      },
      launchTemplate: { provider: 'rack', image: 'registry.example/shop/web:7' },
    },
  },
};

/** The versions of the imitated fleet: enough to look at their page. */
export class FakeVersions {
  #versions: FleetVersionSummary[] = Array.from({ length: 7 }, (_, index): FleetVersionSummary => {
    const number = 7 - index;
    const at = BASE + number * 30 * HOUR_MS;
    const digest = `digest-${number}`;
    if (number === 5) return { number, at, digest, origin: { kind: 'rollback', caller: 'ada', to: 3 } };
    return { number, at, digest, origin: { kind: 'api', caller: number % 2 === 0 ? 'ada' : 'deploy' } };
  });

  #list(): FleetVersions {
    return { owner: { kind: 'api' }, versions: this.#versions };
  }

  route(
    method: string,
    [, second = '', third = '', fourth = '']: readonly string[],
    url: URL,
    body: Record<string, unknown> | null,
  ): unknown {
    const madeFrom = this.#versions[0]?.number ?? 0;
    if (method === 'GET' && second === 'versions' && fourth === 'changes')
      return { changes: changes(Number(url.searchParams.get('from')), Number(third)) };
    if (method === 'GET' && third !== '') return this.#version(Number(third));
    if (method === 'POST' && second === 'plan') return { madeFrom, changes: changes(madeFrom, madeFrom + 1) };
    if (method === 'PUT') return this.#add({ kind: 'api', caller: 'ada' });
    if (method === 'POST' && second === 'rollback')
      return this.#add({ kind: 'rollback', caller: 'ada', to: Number(body?.to) });
    return this.#list();
  }

  #version(number: number): unknown {
    const summary = this.#versions.find((version) => version.number === number);
    if (summary === undefined) throw new FakeRefusal(404, 'notFound', `There is no version ${number}.`);
    return { ...summary, document: { content: CONTENT, baseDir: '/srv/shop' } };
  }

  #add(origin: FleetVersionSummary['origin']): unknown {
    const number = (this.#versions[0]?.number ?? 0) + 1;
    this.#versions = [{ number, at: Date.now(), digest: `digest-${number}`, origin }, ...this.#versions];
    return { version: number, changes: changes(number - 1, number), pending: [] };
  }
}

function changes(from: number, to: number): readonly FleetChange[] {
  if (from === to) return [];
  return [
    {
      kind: 'change',
      path: 'autoScalingGroups.web.maxSize',
      before: String(16 + from),
      after: String(16 + to),
      effect: 'the group may grow further',
    },
    {
      kind: 'replace',
      path: 'autoScalingGroups.web.launchTemplate.image',
      before: `registry.example/shop/web:${from}`,
      after: `registry.example/shop/web:${to}`,
      effect: 'new servers only',
    },
  ];
}
