import { lastWords } from '../../base/last-words.ts';
import { oneLine } from '../../base/quoted.ts';
import type { Machine } from '../../model/observation.ts';
import type { Tags } from './labels.ts';

/** What is known of a container, listed or inspected. */
export interface Container {
  readonly name: string;
  readonly tags: Tags;
  /** `created`, `running`, `exited`, and more of Podman's. */
  readonly status: string;
  /** By network. */
  readonly networkAddresses: Readonly<Record<string, string>>;
  /** Published ports. */
  readonly ports: readonly { readonly address: string; readonly port: number; readonly hostPort: number }[];
  /** Why it has ended, once that is known. */
  readonly ending: string;
}

const PENDING = ['created', 'configured', 'initialized'];
const STOPPED = ['exited', 'stopped', 'dead', 'removing'];

export function isHalfMade({ status }: Pick<Container, 'status'>): boolean {
  return PENDING.includes(status);
}

export function hasStopped({ status }: Pick<Container, 'status'>): boolean {
  return STOPPED.includes(status);
}

/** @param zone of its engine */
export function machineOf(container: Container, zone: string | null): Machine {
  const { name, tags, status, ports } = container;
  const { group, instanceId, launchedAt } = tags;
  const about = { id: machineId(zone, name), instanceId, group, launchedAt, zone };
  if (isHalfMade(container)) {
    return { ...about, state: 'pending', detail: 'it is made and not started yet', addresses: [], ports: null };
  }
  if (hasStopped(container)) {
    const detail = container.ending === '' ? `the container is ${status}` : container.ending;
    return { ...about, state: 'stopped', detail, addresses: [], ports: null };
  }
  const detail = status === 'running' ? '' : `the container is ${status}`;
  const [published] = ports;
  if (published !== undefined) {
    const mappings = ports.filter(({ address }) => address === published.address);
    return {
      ...about,
      state: 'running',
      detail,
      addresses: [published.address],
      ports: mappings.map(({ port, hostPort }) => ({ port, hostPort })),
    };
  }
  const addresses = Object.values(container.networkAddresses).filter((address) => address !== '');
  return { ...about, state: 'running', detail, addresses, ports: null };
}

/** The provider's id of a machine: its container's name, after its host where there are several. */
function machineId(zone: string | null, name: string): string {
  return zone === null ? name : `${zone}:${name}`;
}

export interface Exit {
  readonly code: number;
  readonly isOutOfMemory: boolean;
  /** Why it could not be started, in the engine's words. */
  readonly error: string;
  /** The end of what it has printed. */
  readonly printed: string;
}

const SIGNAL_BASE = 128;
const SIGKILL = 9;

/** Why a container has ended, on one line. */
export function describeExit({ code, isOutOfMemory, error, printed }: Exit): string {
  const how = isOutOfMemory
    ? `it ran out of memory (exit code ${code})`
    : code === SIGNAL_BASE + SIGKILL
      ? `it was killed (exit code ${code})`
      : `it exited with code ${code}`;
  const words = oneLine(lastWords(printed));
  const said = error === '' ? '' : `: ${oneLine(error)}`;
  return words === '' ? `${how}${said}` : `${how}${said}; its last line: ${words}`;
}
