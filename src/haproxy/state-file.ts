/**
 * HAProxy's server state file: what it starts with, so that after a restart or a reload healthy servers have their traffic
 * at once, draining ones get none and new or unhealthy ones none before their checks have passed. A server that is not in
 * the file would start in service without a check, as stand-ins are meant to.
 */

import { isIP } from 'node:net';
import type { TargetGroup } from '../model/fleet.ts';
import type { DesiredState } from '../ports/load-balancer.ts';
import { authority } from './members.ts';
import { weightOf } from './render.ts';
import { type ServerKey, serverKey } from './servers.ts';

const FORMAT_VERSION = '1';
const COLUMNS =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight' +
  ' srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state' +
  ' bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr' +
  ' srv_agent_addr srv_agent_port';

const STOPPED = 0;
const RUNNING = 2;
const FORCED_DRAIN = 8;
/** Check status, result, and state: what HAProxy itself writes for a server that was never checked, and for a healthy one. */
const INITIAL = { status: 1, result: 2 };
const PASSED = { status: 15, result: 3 };
const CHECKS_ENABLED = 6;

/** The address at which a server was healthy when it was last observed. */
export type LastHealthy = ReadonlyMap<ServerKey, string>;

export function renderStateFile(
  { targetGroups, members }: DesiredState,
  ids: ReadonlyMap<ServerKey, number>,
  healthy: LastHealthy,
): string {
  const groups = new Map<string, TargetGroup>(targetGroups.map((group) => [group.name, group]));
  const lines = members.flatMap((member) => {
    const group = groups.get(member.targetGroup);
    if (group === undefined) return [];
    const key = serverKey(member.targetGroup, member.instanceId);
    const { healthyThreshold, unhealthyThreshold } = group.healthCheck;
    const up = healthy.get(key) === authority(member.endpoint);
    const weight = weightOf(group, member);
    const check = up ? PASSED : INITIAL;
    return [
      [
        ...[0, member.targetGroup, ids.get(key) ?? 0, member.instanceId, member.endpoint.address],
        ...[up ? RUNNING : STOPPED, member.state === 'draining' ? FORCED_DRAIN : 0, weight, weight, 0],
        ...[check.status, check.result, up ? healthyThreshold + unhealthyThreshold - 1 : 0, CHECKS_ENABLED, 0],
        ...[0, 1, '-', member.endpoint.port, '-', 0, member.checkPort ?? 0, '-', '-', 0],
      ].join(' '),
    ];
  });
  return [FORMAT_VERSION, `# ${COLUMNS}`, ...lines, ''].join('\n');
}

/** Who was healthy according to a file of ours; what cannot be read was not. */
export function parseStateFile(text: string): LastHealthy {
  const [version, ...lines] = text.split('\n');
  const healthy = new Map<ServerKey, string>();
  if (version !== FORMAT_VERSION) return healthy;
  for (const line of lines) {
    const fields = line.split(' ');
    const [, backend, , name, address, state] = fields;
    const port = fields[18];
    if (backend === undefined || name === undefined || address === undefined || port === undefined) continue;
    if (Number(state) !== RUNNING || isIP(address) === 0) continue;
    healthy.set(serverKey(backend, name), authority({ address, port: Number(port) }));
  }
  return healthy;
}
