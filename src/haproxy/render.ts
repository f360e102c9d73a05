/** The desired state as HAProxy's configuration. Pure: the same state and ids give the same bytes. */

import { createHash } from 'node:crypto';
import type { Account } from '../base/accounts.ts';
import type {
  Algorithm,
  ConnectionReuse,
  HealthCheck,
  Listener,
  LoadBalancer,
  StatsPage,
  TargetGroup,
} from '../model/fleet.ts';
import { healthCheckHeaders } from '../model/health-check.ts';
import type { Member } from '../model/member.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import type { Capabilities } from './capabilities.ts';
import { CLIENT, clientAddress, forwardedHeaders } from './forwarded.ts';
import { authority } from './members.ts';
import { type ConnectionLimit, connectionLimit } from './open-files.ts';
import type { Paths } from './paths.ts';
import { keyOf, nameOf, type Server, type ServerKey, serversOf } from './servers.ts';

const REQUEST_HEADER_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** Of a connection that one side has closed for sending, such as a WebSocket whose client is gone. */
const HALF_CLOSED_TIMEOUT_MS = 30_000;
/** What HAProxy may add to a head; with that, what it needs to keep one in a buffer: some 8 bytes for each header line. */
const REWRITE_BYTES = 1_024;
const HEAD_BYTES = 3_072;
const MAX_HEADER_LINES = 256;
/**
 * On other servers than the one that failed, so that half of a group may die without a client that notices. More would not be better:
 * a request that crashes its servers ends one more with each.
 */
const RETRIES = 4;
/** WebSockets. */
const TUNNEL_TIMEOUT_MS = 3_600_000;
/** The stream of health events is silent for as long as nothing happens. */
const RUNTIME_TIMEOUT_MS = 86_400_000;
/** So many reloads a process outlives that still serves connections; the next one ends it. */
export const MAX_OLD_WORKERS = 20;
/** On the statistics page, for Prometheus; HAProxy may be built without this exporter. */
const EXPORTER_PATH = '/metrics';
/** HAProxy's weights are whole numbers: from 100 the shares come out even with hashes and slow starts too. */
const EQUAL_WEIGHT = 100;

/** The ring that health transitions are logged to, and requests that did not end as they should. */
export const EVENT_RING = 'events';
/** What such a request's line begins with, before HAProxy's termination state. */
export const CUT_MARK = 'request ended';
/** Of the statistics page's frontend; a listener's is named after its address alone. */
export const STATS_PREFIX = 'stats-';
const FINGERPRINT_PREFIX = 'drover-';

/** What of this host goes into the configuration. */
export interface Host {
  /** The hard limit of open files of HAProxy's process. */
  readonly openFiles: number;
  /** The user that HAProxy's workers become; null for none. */
  readonly account: Account | null;
}

export interface Rendering {
  /**
   * A digest of all but the members, part of the text as HAProxy's `description`: a running HAProxy that reports the same one
   * differs in members at most, which the runtime API can change.
   */
  readonly fingerprint: string;
  /** The whole of it: not made before it is needed, for with thousands of members it is megabytes. */
  readonly text: () => string;
}

export function renderConfig(
  desired: DesiredState,
  ids: ReadonlyMap<ServerKey, number>,
  paths: Paths,
  capabilities: Capabilities,
  host: Host,
): Rendering {
  const skeleton = render({ ...desired, members: [] }, ids, paths, capabilities, host, '');
  const fingerprint = `${FINGERPRINT_PREFIX}${createHash('sha256').update(skeleton).digest('hex').slice(0, 16)}`;
  return { fingerprint, text: () => render(desired, ids, paths, capabilities, host, fingerprint) };
}

/** The keywords that every member of the group has, in the file and in `add server`, which knows no defaults. */
export function serverOptions(
  { healthCheck, slowStartMs, maxConnectionsPerTarget }: TargetGroup,
  capabilities: Capabilities,
): readonly string[] {
  const { intervalMs, fastIntervalMs, downIntervalMs, healthyThreshold, unhealthyThreshold } = healthCheck;
  return [
    'check',
    ...['inter', `${intervalMs}ms`, 'fastinter', `${fastIntervalMs}ms`, 'downinter', `${downIntervalMs}ms`],
    ...['rise', `${healthyThreshold}`, 'fall', `${unhealthyThreshold}`],
    // A request that cannot connect counts as all failed checks but one: the next such request, or check, takes the server out.
    // Dead servers attract requests where those with the fewest open get the next one.
    ...['observe', 'layer4', 'error-limit', '1', 'on-error', 'sudden-death'],
    ...(slowStartMs > 0 ? ['slowstart', `${slowStartMs}ms`] : []),
    ...maxconn(maxConnectionsPerTarget),
    ...poolLimits(capabilities),
  ];
}

/** The keywords of a stand-in in `add server`. */
export function standInOptions(
  { maxConnectionsPerTarget }: TargetGroup,
  capabilities: Capabilities,
): readonly string[] {
  return ['backup', ...maxconn(maxConnectionsPerTarget), ...poolLimits(capabilities)];
}

export function weightOf({ algorithm }: TargetGroup, member: Member): number {
  return algorithm === 'weightedRoundRobin' ? member.weight : EQUAL_WEIGHT;
}

function render(
  { loadBalancer, targetGroups, members }: DesiredState,
  ids: ReadonlyMap<ServerKey, number>,
  paths: Paths,
  capabilities: Capabilities,
  host: Host,
  fingerprint: string,
): string {
  const limit = connectionLimit(loadBalancer, host.openFiles);
  const sections = [
    `# Written by Drover for the load balancer ${loadBalancer.name}; what is changed here by hand is lost.`,
    // HAProxy sets a file aside for the checks of each server that it starts with; what it starts with is no part of the fingerprint.
    globalSection(
      loadBalancer,
      Math.min(limit.files + members.length, host.openFiles),
      host.account,
      paths,
      fingerprint,
    ),
    defaultsSection(loadBalancer),
    ...loadBalancer.listeners.map((listener) => frontend(listener, limit, targetGroups)),
    ...(loadBalancer.statsPage === null ? [] : [statsFrontend(loadBalancer.statsPage)]),
    ...targetGroups.map((group) =>
      backend(
        group,
        members.filter(({ targetGroup }) => targetGroup === group.name),
        ids,
        capabilities,
      ),
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

function globalSection(
  { maxHeaderBytes, threads, hardStopAfterMs }: LoadBalancer,
  files: number,
  account: Account | null,
  paths: Paths,
  fingerprint: string,
): string {
  return `global
  description ${fingerprint}
  stats socket '${paths.runtimeSocket}' mode 600 level admin
  stats timeout ${RUNTIME_TIMEOUT_MS}ms
  server-state-file '${paths.state}'
  hard-stop-after ${hardStopAfterMs}ms
  mworker-max-reloads ${MAX_OLD_WORKERS}
  fd-hard-limit ${files}
  tune.bufsize ${maxHeaderBytes + HEAD_BYTES}
  tune.maxrewrite ${REWRITE_BYTES}
  tune.http.maxhdr ${MAX_HEADER_LINES}${threads === null ? '' : `\n  nbthread ${threads}`}${account === null ? '' : `\n  uid ${account.userId}\n  gid ${account.groupId}`}

ring ${EVENT_RING}
  format timed
  maxlen 512
  size 65536`;
}

function defaultsSection({ idleTimeoutMs }: LoadBalancer): string {
  return `defaults http
  mode http
  timeout client ${idleTimeoutMs}ms
  timeout server ${idleTimeoutMs}ms
  timeout client-fin ${HALF_CLOSED_TIMEOUT_MS}ms
  timeout http-request ${REQUEST_HEADER_TIMEOUT_MS}ms
  timeout http-keep-alive ${KEEP_ALIVE_TIMEOUT_MS}ms
  timeout tunnel ${TUNNEL_TIMEOUT_MS}ms
  option idle-close-on-response
  option abortonclose
  retries ${RETRIES}
  option redispatch 1
  retry-on conn-failure empty-response
  load-server-state-from-file global`;
}

/** Named after its address, so that a running HAProxy says where it listens. */
function frontend(
  { address, port, targetGroup, trustedProxies }: Listener,
  { connections }: ConnectionLimit,
  groups: readonly TargetGroup[],
): string {
  const hashesClient = groups.some(({ name, algorithm }) => name === targetGroup && algorithm === 'sourceIpHash');
  const lines = [
    `frontend ${address}:${port} from http`,
    `bind ${authority({ address, port })}`,
    `maxconn ${connections}`,
    `log ring@${EVENT_RING} local0`,
    'option dontlog-normal',
    `log-format '${CUT_MARK} %ts'`,
    ...forwardedHeaders(trustedProxies),
    ...(hashesClient ? clientAddress(trustedProxies) : []),
    'http-request disable-l7-retry unless { method GET HEAD OPTIONS TRACE PUT DELETE }',
    `default_backend ${targetGroup}`,
  ];
  return lines.join('\n  ');
}

function statsFrontend({ address, port }: StatsPage): string {
  return `frontend ${STATS_PREFIX}${address}:${port} from http
  bind ${authority({ address, port })}
  .if feature(PROMEX)
    http-request use-service prometheus-exporter if { path ${EXPORTER_PATH} }
  .endif
  stats enable
  stats uri /
  stats refresh 5s`;
}

function backend(
  group: TargetGroup,
  members: readonly Member[],
  ids: ReadonlyMap<ServerKey, number>,
  capabilities: Capabilities,
): string {
  const lineOf = (one: Server): string => server(one, weightOf(group, one.member), ids.get(keyOf(one)) ?? 0);
  const servers = serversOf(members);
  const lines = [
    `backend ${group.name} from http`,
    `log ring@${EVENT_RING} local0 notice`,
    ...BALANCE[group.algorithm],
    'option allbackups',
    `timeout queue ${group.queueTimeoutMs}ms`,
    ...REUSE[group.connectionReuse],
    ...healthCheck(group.healthCheck),
    // Before the defaults, which are for those that are checked.
    ...servers
      .filter(({ standsIn }) => standsIn)
      .map((one) => `${lineOf(one)} ${standInOptions(group, capabilities).join(' ')}`),
    `default-server ${serverOptions(group, capabilities).join(' ')}`,
    ...servers.filter(({ standsIn }) => !standsIn).map(lineOf),
  ];
  return lines.join('\n  ');
}

function server(one: Server, weight: number, id: number): string {
  const words = ['server', nameOf(one), authority(one.member.endpoint), 'id', `${id}`, 'weight', `${weight}`];
  return [...words, ...checkPortOf(one)].join(' ');
}

/** Where a server is checked, if not where its requests go; a stand-in is not checked. */
export function checkPortOf({ member, standsIn }: Server): readonly string[] {
  return standsIn || member.checkPort === null ? [] : ['port', `${member.checkPort}`];
}

function maxconn(most: number | null): readonly string[] {
  return most === null ? [] : ['maxconn', `${most}`];
}

function poolLimits({ poolLimitsNeeded }: Capabilities): readonly string[] {
  return poolLimitsNeeded ? ['pool-purge-delay', '5s', 'pool-max-conn', '-1'] : [];
}

function healthCheck(check: HealthCheck): readonly string[] {
  const { method, path, matcher, timeoutMs } = check;
  const headers = healthCheckHeaders(check).map(({ name, value }) => `hdr '${quoted(name)}' '${quoted(value)}'`);
  return [
    // HAProxy bounds a check by the longer of the two, so that they are the same.
    `timeout connect ${timeoutMs}ms`,
    `timeout check ${timeoutMs}ms`,
    'option httpchk',
    `http-check send meth ${method} uri '${path}' ver HTTP/1.1 ${headers.join(' ')}`,
    `http-check expect status ${matcher}`,
  ];
}

/** Between single quotes, in a log format: there `'` ends the text and `%` begins a variable. */
function quoted(text: string): string {
  return text.replaceAll('%', '%%').replaceAll("'", `'\\''`);
}

/** Only those that servers can be added to at run time: HAProxy's map-based hashes and `static-rr` refuse it. */
const BALANCE: Readonly<Record<Algorithm, readonly string[]>> = {
  roundRobin: ['balance roundrobin'],
  weightedRoundRobin: ['balance roundrobin'],
  leastConnections: ['balance leastconn'],
  sourceIpHash: [`balance hash ${CLIENT}`, 'hash-type consistent'],
  urlHash: ['balance uri whole', 'hash-type consistent'],
  random: ['balance random(2)'],
};

const REUSE: Readonly<Record<ConnectionReuse, readonly string[]>> = {
  safe: ['http-reuse safe'],
  aggressive: ['http-reuse aggressive'],
  always: ['http-reuse always'],
  // Without the option a connection would stay open for as long as its client's.
  never: ['http-reuse never', 'option http-server-close'],
};
