/** Where a machine's ports are reached. Which of them is used is a matter of the target group. */

import type { TargetGroup } from './fleet.ts';
import type { Endpoint, MachineAddresses } from './instance.ts';

/** What a target group uses of a machine. */
export interface TargetEndpoint {
  readonly endpoint: Endpoint;
  /** The port of its health checks, where that is another one. */
  readonly checkPort: number | null;
}

/**
 * @param port as the server has it; null for the one port that the provider has assigned to it
 * @returns null while the provider has not said where that is
 */
export function endpointOf({ addresses, ports }: MachineAddresses, port: number | null): Endpoint | null {
  const [address] = addresses;
  if (address === undefined) return null;
  if (ports === null) return port === null ? null : { address, port };
  const mapping = port === null && ports.length === 1 ? ports[0] : ports.find((one) => one.port === port);
  return mapping === undefined ? null : { address, port: mapping.hostPort };
}

/** Null while the machine cannot be a target of the group: where its requests or its checks would go is not known. */
export function targetEndpoint(
  machine: MachineAddresses,
  { port, healthCheck }: Pick<TargetGroup, 'port' | 'healthCheck'>,
): TargetEndpoint | null {
  const endpoint = endpointOf(machine, port);
  const check = endpointOf(machine, healthCheck.port ?? port);
  if (endpoint === null || check === null) return null;
  return { endpoint, checkPort: check.port === endpoint.port ? null : check.port };
}

/** One text for each place that is the machine's own: its address, or a port there where addresses are shared. */
export function placesOf({ addresses, ports }: MachineAddresses): readonly string[] {
  if (ports === null) return addresses;
  return addresses.flatMap((address) => ports.map(({ hostPort }) => `${address}:${hostPort}`));
}

export function sameAddresses(a: MachineAddresses, b: MachineAddresses): boolean {
  const sameOnes = a.addresses.length === b.addresses.length && a.addresses.every((one, at) => one === b.addresses[at]);
  if (!sameOnes || a.ports === null || b.ports === null) return sameOnes && a.ports === b.ports;
  const { ports } = b;
  return (
    a.ports.length === ports.length &&
    a.ports.every(({ port, hostPort }, at) => port === ports[at]?.port && hostPort === ports[at]?.hostPort)
  );
}
