/** The dashboard's one way to the controller: requests, refusals, and the stream of events. */

import type { FleetChange } from '../../src/fleet/change.ts';
import type { Activity, ActivityLevel, StoredActivity } from '../../src/model/activity.ts';
import type { Hold } from '../../src/model/hold.ts';
import type { SuspendableProcess } from '../../src/model/scaling-policy.ts';
import type { DoctorReport } from '../../src/views/doctor.ts';
import type { AppliedFleet, FleetVersions, PlannedFleet, ShownFleetVersion } from '../../src/views/fleet-versions.ts';
import type {
  Explanation,
  FleetSummary,
  GroupSummary,
  InstanceStatus,
  LoadBalancerStatus,
  Page,
  Plan,
} from '../../src/views/status.ts';

export type {
  Activity,
  ActivityLevel,
  Explanation,
  FleetChange,
  FleetSummary,
  GroupSummary,
  Hold,
  InstanceStatus,
  LoadBalancerStatus,
  StoredActivity,
};

export type Role = 'viewer' | 'operator' | 'admin';

/** Whose page this is, and what it may do. */
export interface Session {
  readonly name: string;
  readonly role: Role;
  /** Goes with every change, so that no other page can make one with this page's cookie. */
  readonly csrfToken: string;
}

/** A group's past, in buckets of `bucketMs`. A bucket without a value has no entry, which is never zero. */
export interface GroupHistory {
  readonly bucketMs: number;
  /** Each time that it changed. */
  readonly capacity: readonly { readonly at: number; readonly desired: number; readonly inService: number }[];
  /** By the metric's name: its averages. */
  readonly metrics: Readonly<Record<string, readonly { readonly at: number; readonly value: number }[]>>;
  /** By the target group's name. */
  readonly traffic: Readonly<Record<string, readonly TrafficPoint[]>>;
}

export interface TrafficPoint {
  readonly at: number;
  readonly requestsPerSecond: number;
  readonly errors5xxPerSecond: number;
  readonly responseTimeMs: number;
}

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

/** An answer that is not what was asked for (RFC 9457), or none at all. */
export class Refusal extends Error {
  /** 0 where there was no answer. */
  readonly status: number;
  /** The API's own word for it: `lastServer`, `staleVersion`; empty where there is none. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}

const requestTimeoutMs = 20_000;
const PAGE_SIZE = 1_000;

let csrfToken = '';

async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-csrf-token'] = csrfToken;
  const response = await fetch(`/v1${path}`, {
    method,
    headers,
    credentials: 'same-origin',
    signal: AbortSignal.timeout(requestTimeoutMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Refusal(0, '', 'The controller does not answer.');
  });
  const text = await response.text();
  if (!response.ok) throw refusalOf(response.status, text);
  return (text === '' ? null : JSON.parse(text)) as Answer;
}

function refusalOf(status: number, text: string): Refusal {
  try {
    const problem = JSON.parse(text) as { code?: string; type?: string; title?: string; detail?: string };
    const code = problem.code ?? problem.type?.split(/[:/#]/).at(-1) ?? '';
    return new Refusal(status, code, problem.detail ?? problem.title ?? `The controller answered ${status}.`);
  } catch {
    return new Refusal(status, '', `The controller answered ${status}.`);
  }
}

const get = <Answer>(path: string) => ask<Answer>('GET', path);
const part = encodeURIComponent;

async function all<Row>(path: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor === null ? {} : { cursor }) });
    const page: Page<Row> = await get(`${path}?${query}`);
    rows.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}

export interface ActivityFilter {
  readonly group?: string;
  readonly instance?: string;
  readonly level?: ActivityLevel;
}

export const api = {
  /** @throws Refusal with 401 where nobody is logged in */
  async session(): Promise<Session> {
    const session = await get<Session>('/session');
    csrfToken = session.csrfToken;
    return session;
  },
  /** @param secret a token, or the one-time code of a link */
  async logIn(secret: { readonly token: string } | { readonly code: string }): Promise<void> {
    await ask('POST', '/session', secret);
  },
  logOut: () => ask<null>('DELETE', '/session'),

  fleet: () => get<FleetSummary>('/fleet'),
  groups: () => all<GroupSummary>('/groups'),
  loadBalancers: () => all<LoadBalancerStatus>('/load-balancers'),
  instances: () => all<InstanceStatus>('/instances'),
  instance: (id: string) => get<InstanceStatus>(`/instances/${part(id)}`),
  /** A page of the newest ones, the newest first; `next` leads to older ones. */
  async activities(filter: ActivityFilter, limit: number, cursor: string | null = null): Promise<Page<StoredActivity>> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (filter.group !== undefined) query.set('group', filter.group);
    if (filter.instance !== undefined) query.set('instance', filter.instance);
    if (filter.level !== undefined) query.set('level', filter.level);
    if (cursor !== null) query.set('cursor', cursor);
    const page = await get<Page<StoredActivity>>(`/activities?${query}`);
    return { items: page.items.toReversed(), next: page.next };
  },
  explanation: (group: string) => get<Explanation>(`/groups/${part(group)}/explanation`),
  history: (group: string, since: number, bucketMs: number) =>
    get<GroupHistory>(`/groups/${part(group)}/history?since=${Math.floor(since)}&bucket=${Math.ceil(bucketMs)}`),
  plan: () => get<Plan>('/plan'),
  doctor: () => get<DoctorReport>('/doctor'),
  tokens: () => all<TokenRow>('/tokens'),

  versions: () => get<FleetVersions>('/fleet/versions'),
  version: (number: number) => get<ShownFleetVersion>(`/fleet/versions/${number}`),
  changes: async (from: number, to: number) =>
    (await get<{ changes: readonly FleetChange[] }>(`/fleet/versions/${to}/changes?from=${from}`)).changes,
  planFleet: (document: ShownFleetVersion['document']) => ask<PlannedFleet>('POST', '/fleet/plan', { document }),
  applyFleet: (document: ShownFleetVersion['document'], madeFrom: number) =>
    ask<AppliedFleet>('PUT', '/fleet', { document, madeFrom }),
  rollBack: (to: number, madeFrom: number) => ask<AppliedFleet>('POST', '/fleet/rollback', { to, madeFrom }),

  setDesired: (group: string, desired: number) =>
    ask<{ before: number; after: number }>('PUT', `/groups/${part(group)}/desired-capacity`, { desired }),
  suspend: (group: string, processes: readonly SuspendableProcess[]) =>
    ask<null>('POST', `/groups/${part(group)}/suspend-processes`, { processes }),
  resume: (group: string, processes: readonly SuspendableProcess[]) =>
    ask<null>('POST', `/groups/${part(group)}/resume-processes`, { processes }),
  resumeLaunch: (group: string) => ask<null>('POST', `/groups/${part(group)}/resume`),
  drain: (id: string, force: boolean) =>
    ask<{ waitsFor: string | null }>('POST', `/instances/${part(id)}/drain${force ? '?force=true' : ''}`),
  terminate: (id: string, force: boolean) =>
    ask<null>('POST', `/instances/${part(id)}/terminate${force ? '?force=true' : ''}`),
};

/** What the stream says: rows are whole, so that their order does not matter. */
export interface StreamHandlers {
  readonly onOpen: () => void;
  /** @param forGood whether the browser does not try again by itself */
  readonly onLost: (forGood: boolean) => void;
  readonly onFleet: (fleet: FleetSummary) => void;
  readonly onActivity: (activity: StoredActivity) => void;
  readonly onInstances: (changed: readonly InstanceStatus[], gone: readonly string[]) => void;
  readonly onGroups: (changed: readonly GroupSummary[], gone: readonly string[]) => void;
  readonly onLoadBalancers: (changed: readonly LoadBalancerStatus[], gone: readonly string[]) => void;
}

interface Changes<Row> {
  readonly changed: readonly Row[];
  readonly gone: readonly string[];
}

/** Opens the stream; the browser reconnects by itself and says which activity it has seen last. @returns what closes it */
export function subscribe(handlers: StreamHandlers): () => void {
  const source = new EventSource('/v1/events');
  const on = <Data>(type: string, use: (data: Data) => void) =>
    source.addEventListener(type, (event) => use(JSON.parse((event as MessageEvent<string>).data) as Data));
  source.addEventListener('open', handlers.onOpen);
  source.addEventListener('error', () => handlers.onLost(source.readyState === EventSource.CLOSED));
  on<FleetSummary>('fleet', handlers.onFleet);
  on<StoredActivity>('activity', handlers.onActivity);
  on<Changes<InstanceStatus>>('instances', ({ changed, gone }) => handlers.onInstances(changed, gone));
  on<Changes<GroupSummary>>('groups', ({ changed, gone }) => handlers.onGroups(changed, gone));
  on<Changes<LoadBalancerStatus>>('loadBalancers', ({ changed, gone }) => handlers.onLoadBalancers(changed, gone));
  return () => source.close();
}
