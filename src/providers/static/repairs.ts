import type { KeyedSerial } from '../../base/serial.ts';
import type { MachineRepair } from '../../model/observation.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import type { Claim } from './claim.ts';
import { COMMAND_TIMEOUT_MS, type Host, isUnreachable } from './host.ts';
import type { Quarantine } from './quarantine.ts';
import type { HostRecords } from './records.ts';

/** A server that was restarted and fails again within this time has failed. */
const RESTART_WINDOW_MS = 600_000;
/** A host that is reset may answer for a moment more. */
const RESET_SETTLE_MS = 5_000;
const BOOT_POLL_MS = 2_000;
/** How long a server may take from its start until its status passes. */
export const STARTED_TIMEOUT_MS = 120_000;

/** How long it takes at most to reset a host and to have its server again, beside the boot. */
const RESET_BESIDES_BOOT_MS = RESET_SETTLE_MS + COMMAND_TIMEOUT_MS + STARTED_TIMEOUT_MS;

interface UnderWay extends MachineRepair {
  readonly claim: Claim;
  readonly cancelled: AbortController;
  readonly done: Promise<void>;
}

interface RepairsContext {
  readonly records: HostRecords;
  readonly quarantine: Quarantine;
  /** On one host one change at a time. */
  readonly queue: KeyedSerial;
  readonly clock: Clock;
  readonly bootTimeoutMs: number;
  readonly closed: AbortSignal;
  /** An observation is worth while. */
  readonly onEnd: () => void;
}

/** Bringing a failed server back on its host, because a host cannot be had anew: first its restart, then a reset of the host. */
export class Repairs {
  readonly #context: RepairsContext;
  /** By host. */
  readonly #underWay = new Map<string, UnderWay>();
  /** How many were begun on a host, so that what was seen before one is known to be old. */
  readonly #begun = new Map<string, number>();
  /** When the server of a claim was restarted, by the steady clock. */
  readonly #restarted = new Map<string, number>();

  constructor(context: RepairsContext) {
    this.#context = context;
  }

  /** What is being done on a host now; null for nothing. */
  on(host: Host): UnderWay | null {
    return this.#underWay.get(host.name) ?? null;
  }

  begunOn(host: Host): number {
    return this.#begun.get(host.name) ?? 0;
  }

  /** Whether anything can be done about a server that fails. */
  isPossible(host: Host, { restart, start }: Claim): boolean {
    return restart !== null || (host.can('reset') && start !== null);
  }

  /** Begins with the next thing to try for a server that fails on a host that is reached. @returns null where nothing is left */
  begin(host: Host, claim: Claim, why: string): UnderWay | null {
    const { clock } = this.#context;
    const last = this.#restarted.get(claim.instanceId);
    if (claim.restart !== null && (last === undefined || clock.steadyMs() - last >= RESTART_WINDOW_MS)) {
      const { restart } = claim;
      this.#restarted.set(claim.instanceId, clock.steadyMs());
      const limitMs = COMMAND_TIMEOUT_MS + STARTED_TIMEOUT_MS;
      return this.#begin(host, claim, { step: 'restart', why }, limitMs, async (cancelled) => {
        const { closed } = this.#context;
        const failed = await host.command(restart, claim, closed);
        // Whether it has helped the next list says.
        if (failed === null) await this.#untilItServes(host, claim, AbortSignal.any([closed, cancelled]));
        return null;
      });
    }
    return this.mayReset(host, claim) ? this.beginReset(host, claim, why) : null;
  }

  /** Whether a host may be reset: not too often, and no two at a time, so that what is wrong with all of them resets no rack. */
  mayReset(host: Host, claim: Claim): boolean {
    const { records, clock } = this.#context;
    const isOneReset = [...this.#underWay.values()].some(({ step }) => step === 'reset');
    const canBeReset = host.can('reset') && claim.start !== null && claim.status !== null;
    return canBeReset && !isOneReset && records.mayReset(host.name, clock.now());
  }

  beginReset(host: Host, claim: Claim, why: string): UnderWay {
    const limitMs = this.#context.bootTimeoutMs + RESET_BESIDES_BOOT_MS;
    return this.#begin(host, claim, { step: 'reset', why }, limitMs, (cancelled) =>
      this.#reset(host, claim, cancelled),
    );
  }

  /** Whoever wants to end a server does not wait for a host to boot. */
  cancel(host: Host): void {
    this.on(host)?.cancelled.abort();
  }

  forget({ instanceId }: Claim): void {
    this.#restarted.delete(instanceId);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#underWay.values()].map(({ done }) => done));
  }

  #begin(
    host: Host,
    claim: Claim,
    what: Pick<MachineRepair, 'step' | 'why'>,
    limitMs: number,
    work: (cancelled: AbortSignal) => Promise<string | null>,
  ): UnderWay {
    const { queue, quarantine, clock, closed, onEnd } = this.#context;
    const cancelled = new AbortController();
    const done = queue
      .run(host.name, async () => {
        // What was ahead in the queue may have ended the server.
        if (cancelled.signal.aborted || !(await this.#isClaimed(host, claim))) return null;
        return await work(cancelled.signal);
      })
      .catch((error: unknown) => asPortError(error).message)
      .then((failed) => {
        this.#underWay.delete(host.name);
        const isGivenUp = closed.aborted || cancelled.signal.aborted;
        if (failed !== null && !isGivenUp) quarantine.add(host.name, clock.now(), failed);
        onEnd();
      });
    const underWay: UnderWay = { ...what, claim, until: clock.now() + limitMs, cancelled, done };
    this.#underWay.set(host.name, underWay);
    this.#begun.set(host.name, this.begunOn(host) + 1);
    return underWay;
  }

  /** Resets a host that the fleet has claimed, and starts its server there. @returns why that has failed */
  async #reset(host: Host, claim: Claim, cancelled: AbortSignal): Promise<string | null> {
    const { records, clock, closed, bootTimeoutMs } = this.#context;
    records.noteReset(host.name, clock.now());
    const refused = await host.power('reset', claim, closed);
    // Boards refuse to reset a host without power: that one is switched on.
    const isAwoken = refused !== null && host.can('wake') && (await host.power('wake', claim, closed)) === null;
    if (refused !== null && !isAwoken) return `reset fails: ${refused}`;
    const signal = AbortSignal.any([closed, cancelled]);
    await clock.sleep(RESET_SETTLE_MS, signal);
    const until = clock.steadyMs() + bootTimeoutMs;
    const after = await answered(() => host.claimed(signal), clock, until, signal);
    if ('failed' in after) return `it was reset, and is not reached within ${bootTimeoutMs / 1000} s: ${after.failed}`;
    if (!isSame(after.value, claim) || claim.start === null) return null;
    const notStarted = await host.command(claim.start, claim, signal);
    if (notStarted !== null) return `it was reset, and start fails: ${notStarted}`;
    const failed = await this.#untilItServes(host, claim, signal);
    return failed === null ? null : `it was reset, and status fails: ${failed}`;
  }

  /** Whether the host is claimed for the server, as it was seen last where it cannot be reached. */
  async #isClaimed(host: Host, claim: Claim): Promise<boolean> {
    try {
      return isSame(await host.claimed(this.#context.closed), claim);
    } catch (error) {
      if (isUnreachable(error)) return true;
      throw error;
    }
  }

  /** @returns why its status fails still after a while; null where it passes */
  async #untilItServes(host: Host, claim: Claim, signal: AbortSignal): Promise<string | null> {
    const { clock } = this.#context;
    const until = clock.steadyMs() + STARTED_TIMEOUT_MS;
    const serves = await answered(() => whyDownOrThrow(host, claim, signal), clock, until, signal);
    return 'failed' in serves ? serves.failed : null;
  }
}

function isSame(found: Claim | null, claim: Claim): boolean {
  return found?.fleet === claim.fleet && found.instanceId === claim.instanceId;
}

async function whyDownOrThrow(host: Host, claim: Claim, signal: AbortSignal): Promise<void> {
  const why = await host.whyDown(claim, signal);
  if (why !== null) throw new PortError('Transient', 'notServing', why);
}

/** Asks until there is an answer, or it is too late. @param until by the steady clock */
export async function answered<T>(
  ask: () => Promise<T>,
  clock: Clock,
  until: EpochMs,
  signal: AbortSignal,
): Promise<{ readonly value: T } | { readonly failed: string }> {
  for (;;) {
    let failed: string;
    try {
      return { value: await ask() };
    } catch (error) {
      failed = asPortError(error).message;
    }
    if (signal.aborted || clock.steadyMs() >= until) return { failed };
    await clock.sleep(BOOT_POLL_MS, signal);
  }
}
