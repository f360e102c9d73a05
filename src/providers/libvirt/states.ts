import type { Machine } from '../../model/observation.ts';

/** A domain's state and why, by libvirt's numbers (virDomainState and the reasons beside it in libvirt-domain.h). */
export interface DomainState {
  readonly state: number;
  readonly reason: number;
}

const PAUSED = 3;
const SHUTTING_DOWN = 4;
const SHUT_OFF = 5;
const CRASHED = 6;
const SUSPENDED = 7;
const PAUSED_BY_CRASH = 10;

const PAUSED_REASONS = new Map([
  [1, 'by a person'],
  [2, 'for a migration'],
  [3, 'to be saved'],
  [4, 'to be dumped'],
  [5, 'by an I/O error, such as a full storage pool'],
  [6, 'by its watchdog'],
  [8, 'while it shuts down'],
  [9, 'for a snapshot'],
  [11, 'while it starts'],
]);

const OFF_REASONS = new Map([
  [1, 'it shut down by itself'],
  [2, 'it was switched off'],
  [3, 'its process ended unexpectedly'],
  [4, 'it was migrated to another host'],
  [5, 'it was saved to a file'],
  [6, 'it could not be started'],
  [7, 'it was restored from a snapshot that was off'],
  [8, 'libvirt switched it off'],
]);

/** What `virsh domstats --state --raw` prints, by the domain's name. */
export function parseStates(text: string): ReadonlyMap<string, DomainState> {
  const states = new Map<string, DomainState>();
  for (const part of text.split(/^Domain: /m).slice(1)) {
    const name = /^'(.*)'$/m.exec(part)?.[1];
    const state = numberAfter(part, 'state.state=');
    if (name === undefined || state === null) continue;
    states.set(name, { state, reason: numberAfter(part, 'state.reason=') ?? 0 });
  }
  return states;
}

function numberAfter(text: string, key: string): number | null {
  const at = text.indexOf(key);
  return at === -1 ? null : Number.parseInt(text.slice(at + key.length), 10);
}

/** Whether it has ended: it is not started again. */
export function isOff({ state, reason }: DomainState): boolean {
  return state === SHUT_OFF || state === CRASHED || (state === PAUSED && reason === PAUSED_BY_CRASH);
}

/** A domain that was started, as a machine's state. */
export function machineState(domain: DomainState): Pick<Machine, 'state' | 'detail'> {
  const { state, reason } = domain;
  if (isOff(domain)) {
    const why = state === SHUT_OFF ? (OFF_REASONS.get(reason) ?? 'libvirt does not know why') : 'its system crashed';
    return { state: 'stopped', detail: `shut off: ${why}` };
  }
  switch (state) {
    case PAUSED:
      return { state: 'running', detail: `paused ${PAUSED_REASONS.get(reason) ?? ''}`.trim() };
    case SHUTTING_DOWN:
      return { state: 'running', detail: 'it shuts down' };
    case SUSPENDED:
      return { state: 'running', detail: 'it sleeps (suspended by its own power management)' };
    default:
      return { state: 'running', detail: '' };
  }
}
