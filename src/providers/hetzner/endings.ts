import { type BackoffLimits, backoffMs } from '../../base/backoff.ts';
import { reasonOf } from '../../base/quoted.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { CallContext, HetznerClient, Server } from './client.ts';
import { isOfFleet, tagsOf } from './labels.ts';
import type { PlacementGroups } from './placement-groups.ts';

/** How often the API is asked whether a server is gone, however often the caller asks. */
const POLL: BackoffLimits = { minMs: 1_000, maxMs: 15_000 };
/** A deletion that was taken and has not begun for so long is asked for again. */
const REPEAT_AFTER_MS = 60_000;
/** Another action holds a server for seconds, seldom longer. */
const LOCKED_PATIENCE_MS = 120_000;

interface Ending {
  readonly polls: number;
  readonly nextPollMs: number;
  /** When the API has taken the deletion; null until it has. By the steady clock, as all here. */
  readonly takenAtMs: number | null;
  /** Since when another action has held the server; null if none does. */
  readonly lockedSinceMs: number | null;
  /** The group whose placement groups may be empty once the server is gone; null where it is in none that Drover made. */
  readonly spreadGroup: string | null;
}

const NEW: Ending = { polls: 0, nextPollMs: 0, takenAtMs: null, lockedSinceMs: null, spreadGroup: null };

export interface EndingsContext {
  readonly fleet: string;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

/** Deletes servers, with few calls: what was asked for is remembered until the server is gone. */
export class Endings {
  readonly #client: HetznerClient;
  readonly #placementGroups: PlacementGroups;
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #onProblem: (message: string) => void;
  readonly #endings = new Map<number, Ending>();

  constructor(client: HetznerClient, placementGroups: PlacementGroups, { fleet, clock, onProblem }: EndingsContext) {
    this.#client = client;
    this.#placementGroups = placementGroups;
    this.#fleet = fleet;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** Asks for the end of a server. @throws PortError `NotFound` when it is gone, or none of the fleet's */
  async end(machineId: string, signal: AbortSignal): Promise<void> {
    if (!/^[1-9]\d{0,15}$/.test(machineId)) throw this.#unknown(machineId);
    const id = Number(machineId);
    const ending = this.#endings.get(id) ?? NEW;
    const nowMs = this.#clock.steadyMs();
    if (nowMs < ending.nextPollMs) return;
    const context: CallContext = { kind: 'change', signal };
    const server = await this.#client.server(id, context);
    const tags = server === null ? null : tagsOf(server.labels, this.#fleet);
    if (server === null || tags === null) {
      this.#endings.delete(id);
      if (ending.spreadGroup !== null) await this.#tidy(ending.spreadGroup, signal);
      throw this.#unknown(machineId);
    }
    const isSpread = isOfFleet(server.placement_group?.labels ?? {}, this.#fleet);
    await this.#delete(server, { ...ending, spreadGroup: isSpread ? tags.group : null }, context);
  }

  async #delete({ id, status }: Server, ending: Ending, context: CallContext): Promise<void> {
    const nowMs = this.#clock.steadyMs();
    const polls = ending.polls + 1;
    const polled = { ...ending, polls, nextPollMs: nowMs + backoffMs(polls, POLL, 0) };
    const isTaken = ending.takenAtMs !== null && nowMs - ending.takenAtMs < REPEAT_AFTER_MS;
    if (status === 'deleting' || isTaken) {
      this.#endings.set(id, polled);
      return;
    }
    const params = { path: { id } };
    try {
      await this.#client.call(context, (api, how) => api.DELETE('/servers/{id}', { ...how, params }));
      this.#endings.set(id, { ...polled, takenAtMs: nowMs, lockedSinceMs: null });
    } catch (error) {
      if (!(error instanceof PortError) || !isHeld(error)) throw error;
      const lockedSinceMs = ending.lockedSinceMs ?? nowMs;
      this.#endings.set(id, { ...polled, lockedSinceMs });
      if (nowMs - lockedSinceMs >= LOCKED_PATIENCE_MS) throw error;
    }
  }

  /** What is left behind costs nothing, so it holds nothing up; the next server's end removes it. */
  async #tidy(group: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#placementGroups.removeEmpty(group, signal);
    } catch (error) {
      this.#onProblem(`Empty placement groups of ${group} could not be removed: ${reasonOf(error)}`);
    }
  }

  #unknown(machineId: string): PortError {
    return new PortError('NotFound', 'noMachine', `There is no server ${machineId} in the fleet ${this.#fleet}.`);
  }
}

function isHeld({ code }: PortError): boolean {
  return code === 'locked' || code === 'conflict' || code === 'resource_locked';
}
