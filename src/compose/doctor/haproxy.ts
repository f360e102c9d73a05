import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { findBinary } from '../../haproxy/binary.ts';
import { pathsIn } from '../../haproxy/paths.ts';
import { WorkerUser } from '../../haproxy/worker-user.ts';
import type { Finding } from '../../model/finding.ts';
import type { Fleet, LoadBalancer } from '../../model/fleet.ts';
import { PortError } from '../../ports/errors.ts';
import { sentence } from './examination.ts';

/** The number of the right to listen on low ports (capabilities(7)). */
const CAP_NET_BIND_SERVICE = 10n;
const FIRST_UNPRIVILEGED_PORT = 1_024;

/** HAProxy itself, and what each load balancer needs beside ports: its user, its sockets, and rights for low ports. */
export async function examineHaproxy(
  fleet: Fleet | null,
  dataDir: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings = [await binaryFinding(signal)];
  for (const loadBalancer of fleet?.loadBalancers ?? []) {
    findings.push(...(await loadBalancerFindings(loadBalancer, dataDir)));
  }
  const low = await lowPorts(fleet?.loadBalancers ?? []);
  if (low.length > 0 && !(await mayBindLowPorts())) {
    const message = `${low.join(', ')}: listening there takes a right that this user does not have as this command is run.`;
    const remedy =
      'Give it to the service (AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit), run Drover as root, or choose ports from 1024 on.';
    findings.push({ level: 'warning', message, remedy });
  }
  return findings;
}

async function binaryFinding(signal: AbortSignal): Promise<Finding> {
  try {
    const { path, version } = await findBinary(undefined, signal);
    return { level: 'ok', message: `HAProxy ${version} is at ${path}.`, remedy: null };
  } catch (error) {
    return asFinding(error, 'Install HAProxy 2.6 or newer: sudo apt-get install -y haproxy.');
  }
}

async function loadBalancerFindings({ name, user }: LoadBalancer, dataDir: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    pathsIn(join(dataDir, 'haproxy', name));
  } catch (error) {
    findings.push(asFinding(error, 'Choose another data folder with --data.'));
  }
  try {
    await new WorkerUser().account(user);
  } catch (error) {
    findings.push(asFinding(error, `It is user of load balancer ${name}.`));
  }
  return findings;
}

/** @throws what is no error of a port */
function asFinding(error: unknown, remedy: string): Finding {
  if (!(error instanceof PortError)) throw error;
  return { level: 'error', message: sentence(error.message), remedy };
}

async function lowPorts(loadBalancers: readonly LoadBalancer[]): Promise<readonly string[]> {
  const first = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').then(
    (text) => Number.parseInt(text, 10),
    () => FIRST_UNPRIVILEGED_PORT,
  );
  return loadBalancers.flatMap(({ name, listeners, statsPage }) =>
    [...listeners, ...(statsPage === null ? [] : [statsPage])]
      .filter(({ port }) => port < first)
      .map(({ port }) => `port ${port} of load balancer ${name}`),
  );
}

async function mayBindLowPorts(): Promise<boolean> {
  if (geteuid?.() === 0) return true;
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_NET_BIND_SERVICE) & 1n) === 1n;
}
