/** What a running HAProxy says about itself, at one moment. */

import type { Traffic } from '../model/observation.ts';
import { PortError } from '../ports/errors.ts';
import { parseCsv, parseInfo, parseTable, type Record } from './csv.ts';
import type { Words } from './encoder.ts';
import { type ServerKey, serverKey } from './servers.ts';

export interface Look {
  /** Of the worker. */
  readonly pid: number;
  readonly version: string;
  /** The worker has got a successor and takes no more connections. */
  readonly stopping: boolean;
  /** See `Rendering.fingerprint`. */
  readonly fingerprint: string;
  readonly frontends: readonly string[];
  readonly backends: ReadonlyMap<string, Traffic>;
  readonly servers: ReadonlyMap<ServerKey, ServerLook>;
}

export interface ServerLook {
  readonly backend: string;
  readonly name: string;
  readonly id: number;
  readonly address: string;
  readonly port: number;
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
export const LOOK: readonly Words[] = [
  ['show', 'info'],
  ['show', 'stat', '-1', FRONTENDS_BACKENDS_AND_SERVERS, '-1'],
  ['show', 'servers', 'state'],
];
/** The whole traffic of one process, and that of its backends alone. */
export const TRAFFIC: Words = ['show', 'stat', '-1', '6', '-1'];
export const BACKEND_TRAFFIC: Words = ['show', 'stat', '-1', '2', '-1'];

const TYPE = { frontend: '0', backend: '1', server: '2' };
/** Bits of `srv_admin_state`: forced, inherited or configured maintenance, or a name that did not resolve; drain. */
const MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20;
const DRAIN = 0x08 | 0x10;
/** A bit of `srv_check_state`. */
const CHECKS_ENABLED = 0x04;

/** @throws PortError `haproxyReply` when a part is missing: part of the truth is none */
export function parseLook(reply: string): Look {
  // Each reply ends with an empty line.
  const [infoText = '', statText = '', stateText = ''] = reply.split('\n\n').map((part) => part.replace(/^\n+/, ''));
  const info = parseInfo(infoText);
  const rows = parseCsv(statText);
  const states = new Map(
    parseTable(stateText).map((row) => [serverKey(text(row, 'be_name'), text(row, 'srv_name')), row]),
  );
  const pid = number(info, 'Pid');
  if (pid === 0 || rows.length === 0 || !stateText.startsWith('1\n# ') || !reply.endsWith('\n\n')) {
    throw new PortError('Transient', 'haproxyReply', `HAProxy's answer is not whole: ${excerpt(reply)}`);
  }
  const ofType = (type: string): readonly Record[] => rows.filter((row) => text(row, 'type') === type);
  const servers = ofType(TYPE.server).flatMap((row): readonly [ServerKey, ServerLook][] => {
    const key = serverKey(text(row, 'pxname'), text(row, 'svname'));
    const state = states.get(key);
    // Deleted between two of our commands.
    return state === undefined ? [] : [[key, serverOf(row, state)]];
  });
  return {
    pid,
    version: text(info, 'Version'),
    stopping: text(info, 'Stopping') !== '0',
    fingerprint: text(info, 'description'),
    frontends: ofType(TYPE.frontend).map((row) => text(row, 'pxname')),
    backends: new Map(ofType(TYPE.backend).map((row) => [text(row, 'pxname'), trafficOf(row)])),
    servers: new Map(servers),
  };
}

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

function serverOf(row: Record, state: Record): ServerLook {
  const admin = number(state, 'srv_admin_state');
  return {
    backend: text(row, 'pxname'),
    name: text(row, 'svname'),
    id: number(row, 'sid'),
    address: text(state, 'srv_addr'),
    port: number(state, 'srv_port'),
    weight: number(state, 'srv_uweight'),
    admin: (admin & MAINTENANCE) !== 0 ? 'maintenance' : (admin & DRAIN) !== 0 ? 'drain' : 'ready',
    checked: (number(state, 'srv_check_state') & CHECKS_ENABLED) !== 0,
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

function trafficOf(row: Record): Traffic {
  return {
    openRequests: number(row, 'scur'),
    queuedRequests: number(row, 'qcur'),
    requestsTotal: number(row, 'req_tot'),
    errors5xxTotal: number(row, 'hrsp_5xx'),
    connectionErrorsTotal: number(row, 'econ'),
    responseErrorsTotal: number(row, 'eresp'),
    retriesTotal: number(row, 'wretr') + number(row, 'wredis'),
    responseTimeMs: number(row, 'rtime'),
  };
}

function text(row: Record, column: string): string {
  return row.get(column) ?? '';
}

/** 0 for what is empty or no number. */
function number(row: Record, column: string): number {
  const value = Number(text(row, column));
  return Number.isFinite(value) ? value : 0;
}

function excerpt(reply: string): string {
  return JSON.stringify(reply.slice(0, 200));
}
