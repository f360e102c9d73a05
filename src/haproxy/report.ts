/** What a running HAProxy says about itself, at one moment. */

import type { Traffic } from '../model/observation.ts';
import { parseCsv, type Record } from './csv.ts';
import type { Words } from './encoder.ts';
import { STATS_PREFIX } from './render.ts';
import { type ServerKey, serverKey } from './servers.ts';

export interface Report {
  /** Of the worker. */
  readonly pid: number;
  readonly version: string;
  /** The worker has got a successor and takes no more connections. */
  readonly stopping: boolean;
  /** See `Rendering.fingerprint`. */
  readonly fingerprint: string;
  /** The most client connections that HAProxy takes in all. */
  readonly maxConnections: number;
  readonly frontends: readonly FrontendReport[];
  readonly backends: ReadonlyMap<string, Traffic>;
  readonly servers: ReadonlyMap<ServerKey, ServerReport>;
}

export interface FrontendReport {
  readonly name: string;
  readonly connections: number;
  /** The most that it takes. */
  readonly maxConnections: number;
}

export interface ServerReport {
  readonly backend: string;
  readonly name: string;
  readonly id: number;
  readonly address: string;
  readonly port: number;
  /** The port of its checks; 0 for the same. */
  readonly checkPort: number;
  readonly weight: number;
  readonly admin: 'ready' | 'drain' | 'maintenance';
  /** False while its health checks were never turned on. */
  readonly checked: boolean;
  /** `UP`, `UP 2/3`, `DOWN`, `DOWN 1/2`, `DRAIN`, `MAINT`, `no check` */
  readonly status: string;
  readonly check: Check;
  readonly traffic: Traffic;
}

/** The last check that has ended. */
export interface Check {
  /** `L7OK`, `L4CON`, `L7STS`, `INI` before the first one */
  readonly status: string;
  readonly code: string;
  readonly detail: string;
}

const FRONTENDS_BACKENDS_AND_SERVERS = '7';
export const REPORT: readonly Words[] = [
  ['show', 'info'],
  ['show', 'stat', '-1', FRONTENDS_BACKENDS_AND_SERVERS, '-1'],
  ['show', 'servers', 'state'],
];
/** The whole traffic of one process, and that of its backends alone. */
export const TRAFFIC: Words = ['show', 'stat', '-1', '6', '-1'];
export const BACKEND_TRAFFIC: Words = ['show', 'stat', '-1', '2', '-1'];

export const TYPE = { frontend: '0', backend: '1', server: '2' };
/** Bits of `srv_admin_state`: forced, inherited or configured maintenance, or a name that did not resolve; drain. */
const MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20;
const DRAIN = 0x08 | 0x10;
/** A bit of `srv_check_state`. */
const CHECKS_ENABLED = 0x04;

/** Of a reply to `TRAFFIC` or `BACKEND_TRAFFIC`. */
export function parseTraffic(reply: string): {
  readonly backends: ReadonlyMap<string, Traffic>;
  readonly servers: ReadonlyMap<ServerKey, Traffic>;
} {
  const rows = parseCsv(reply);
  const ofType = (type: string): readonly Record[] => rows.filter((row) => text(row, 'type') === type);
  return {
    backends: new Map(ofType(TYPE.backend).map((row) => [text(row, 'pxname'), trafficOf(row)])),
    servers: new Map(
      ofType(TYPE.server).map((row) => [serverKey(text(row, 'pxname'), text(row, 'svname')), trafficOf(row)]),
    ),
  };
}

export function frontendOf(row: Record): FrontendReport {
  return { name: text(row, 'pxname'), connections: number(row, 'scur'), maxConnections: number(row, 'slim') };
}

/** The listener that has the most client connections, and the most that it takes. */
export function fullestListener({ frontends, maxConnections }: Report): Omit<FrontendReport, 'name'> {
  const listeners = frontends.filter(({ name }) => !name.startsWith(STATS_PREFIX));
  return {
    connections: Math.max(0, ...listeners.map(({ connections }) => connections)),
    maxConnections: Math.min(maxConnections, ...listeners.map((listener) => listener.maxConnections)),
  };
}

/** What `show stat` says of a server, beside `show servers state`. */
export type ServerStatistics = Pick<ServerReport, 'status' | 'check' | 'traffic'>;

export function statisticsIn(row: Record): ServerStatistics {
  return {
    status: text(row, 'status'),
    check: {
      // An asterisk marks that the next one is under way.
      status: text(row, 'check_status').replace(/^\* /, ''),
      code: text(row, 'check_code'),
      detail: text(row, 'last_chk'),
    },
    traffic: trafficOf(row),
  };
}

export function keyOfState(state: Record): ServerKey {
  return serverKey(text(state, 'be_name'), text(state, 'srv_name'));
}

export function serverOf(state: Record, statistics: ServerStatistics): ServerReport {
  const admin = number(state, 'srv_admin_state');
  return {
    backend: text(state, 'be_name'),
    name: text(state, 'srv_name'),
    id: number(state, 'srv_id'),
    address: text(state, 'srv_addr'),
    port: number(state, 'srv_port'),
    checkPort: number(state, 'srv_check_port'),
    weight: number(state, 'srv_uweight'),
    admin: (admin & MAINTENANCE) !== 0 ? 'maintenance' : (admin & DRAIN) !== 0 ? 'drain' : 'ready',
    checked: (number(state, 'srv_check_state') & CHECKS_ENABLED) !== 0,
    ...statistics,
  };
}

export function trafficOf(row: Record): Traffic {
  return {
    openRequests: number(row, 'scur'),
    queuedRequests: number(row, 'qcur'),
    requestsTotal: number(row, 'stot'),
    responsesTotal: number(row, 'req_tot'),
    errors5xxTotal: number(row, 'hrsp_5xx'),
    connectionErrorsTotal: number(row, 'econ'),
    responseErrorsTotal: number(row, 'eresp'),
    // A repeated try that goes to another server counts as the one, the other or both.
    retriesTotal: Math.max(number(row, 'wretr'), number(row, 'wredis')),
    responseTimeMs: number(row, 'rtime'),
  };
}

export function text(row: Record, column: string): string {
  return row.get(column) ?? '';
}

/** 0 for what is empty or no number. */
export function number(row: Record, column: string): number {
  const value = Number(text(row, column));
  return Number.isFinite(value) ? value : 0;
}
