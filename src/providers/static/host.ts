import { oneLine, reasonOf } from '../../base/quoted.ts';
import { ProgramError, runProgram, whyFailed } from '../../base/run-program.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import { type Check, isFromOutside, whyRefused } from './check.ts';
import {
  type Claim,
  claimScript,
  commandScript,
  markScript,
  readClaim,
  releaseScript,
  showScript,
  whyCommandFailed,
} from './claim.ts';
import type { HostSettings } from './settings.ts';

const MAX_OUTPUT_BYTES = 65_536;
/** To read or to write a claim. */
const CALL_TIMEOUT_MS = 20_000;
/** To start, to stop or to check a server. */
export const COMMAND_TIMEOUT_MS = 300_000;
const STATUS_TIMEOUT_MS = 20_000;
/** To ask a host from here. */
const OUTSIDE_TIMEOUT_MS = 5_000;
/** To switch it on, or to reset it. */
const POWER_TIMEOUT_MS = 60_000;
const UNREACHABLE = 'unreachable';

/** Whether a host has not answered at all, rather than with something that is wrong. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof PortError && (error.code === UNREACHABLE || error.code === 'deadline');
}

/** What all hosts of a provider have in common. */
export interface HostContext {
  readonly directory: string;
  readonly workingDirectory: string;
  readonly fleet: string;
  readonly clock: Clock;
}

/** One host of one's own. */
export class Host {
  readonly name: string;
  readonly #settings: HostSettings;
  readonly #directory: string;
  readonly #workingDirectory: string;
  readonly #fleet: string;
  readonly #clock: Clock;

  constructor(settings: HostSettings, { directory, workingDirectory, fleet, clock }: HostContext) {
    this.name = settings.name;
    this.#settings = settings;
    this.#directory = directory;
    this.#workingDirectory = workingDirectory;
    this.#fleet = fleet;
    this.#clock = clock;
  }

  /** Whether a command is known that switches it on, or resets it. */
  can(what: 'wake' | 'reset'): boolean {
    return this.#settings.power[what] !== null;
  }

  /** Whoever uses it; null where nobody does. @throws PortError */
  async claimed(signal: AbortSignal): Promise<Claim | null> {
    return this.#parsed(await this.#run(showScript(this.#directory), CALL_TIMEOUT_MS, signal));
  }

  /** Claims the host where it is free. @returns whose it is then */
  async claim(claim: Claim, signal: AbortSignal): Promise<Claim> {
    const found = this.#parsed(await this.#run(claimScript(this.#directory, claim), CALL_TIMEOUT_MS, signal));
    if (found !== null) return found;
    throw new PortError('Transient', 'noClaim', `The claim on ${this.name} went away while it was made.`);
  }

  async mark(claim: Claim, signal: AbortSignal): Promise<void> {
    await this.#run(markScript(this.#directory, claim), CALL_TIMEOUT_MS, signal);
  }

  async release(claim: Claim, signal: AbortSignal): Promise<void> {
    await this.#run(releaseScript(this.#directory, claim), CALL_TIMEOUT_MS, signal);
  }

  /** Runs a command on the host. @returns why it has failed; null where it has not @throws PortError where the host cannot be reached */
  async command(
    command: readonly string[],
    claim: Claim | null,
    signal: AbortSignal,
    timeoutMs = COMMAND_TIMEOUT_MS,
  ): Promise<string | null> {
    const script = commandScript(this.#directory, command, this.#variables(claim));
    const output = await this.#run(script, timeoutMs, signal);
    const why = whyCommandFailed(output);
    return why === null ? null : oneLine(why);
  }

  /** @returns why a check of the host fails; null where it passes @throws PortError where it is a command, and the host cannot be reached */
  async whyFails(
    check: Check,
    claim: Claim | null,
    signal: AbortSignal,
    timeoutMs = COMMAND_TIMEOUT_MS,
  ): Promise<string | null> {
    if (!isFromOutside(check)) return await this.command(check, claim, signal, timeoutMs);
    const over = new AbortController();
    void this.#clock.sleep(OUTSIDE_TIMEOUT_MS, AbortSignal.any([signal, over.signal])).then(() => over.abort());
    const why = await whyRefused(check, this.#settings.address, AbortSignal.any([signal, over.signal]));
    over.abort();
    return why;
  }

  /** Whether its server runs, as far as its status tells. @returns why not; null where it does */
  async whyDown(claim: Claim, signal: AbortSignal): Promise<string | null> {
    return claim.status === null ? null : await this.whyFails(claim.status, claim, signal, STATUS_TIMEOUT_MS);
  }

  /** Switches the host on, or resets it. @returns why that has failed; null where it has not */
  async power(what: 'wake' | 'reset', claim: Claim | null, signal: AbortSignal): Promise<string | null> {
    const command = this.#settings.power[what];
    if (command === null) return `there is no command for it; set power.${what}`;
    const program = {
      command,
      workingDirectory: this.#workingDirectory,
      environment: this.#variables(claim),
      maxOutputBytes: MAX_OUTPUT_BYTES,
    };
    try {
      const end = await withDeadline(this.#clock, POWER_TIMEOUT_MS, signal, (bounded) =>
        runProgram(program, this.#clock, bounded),
      );
      const why = whyFailed(end);
      return why === null ? null : `${command[0]} ${why}`;
    } catch (error) {
      if (error instanceof ProgramError || error instanceof PortError) return `${command[0]} ${error.message}`;
      throw error;
    }
  }

  #variables(claim: Claim | null): Record<string, string> {
    return {
      DROVER_HOST: this.name,
      DROVER_ADDRESS: this.#settings.address,
      DROVER_FLEET: claim?.fleet ?? this.#fleet,
      DROVER_GROUP: claim?.group ?? '',
      DROVER_INSTANCE_ID: claim?.instanceId ?? '',
    };
  }

  /** Each host is one. */
  get zone(): string {
    return this.name;
  }

  machine(claim: Claim, state: Machine['state'], detail = `on ${this.name}`): Machine {
    return {
      id: `${this.name}:${claim.instanceId}`,
      instanceId: claim.instanceId,
      group: claim.group,
      state,
      addresses: state === 'stopped' ? [] : [this.#settings.address],
      ports: null,
      launchedAt: claim.launchedAt,
      zone: this.zone,
      detail,
    };
  }

  async #run(script: string, timeoutMs: number, signal: AbortSignal): Promise<string> {
    const program = {
      command: this.#settings.shell,
      workingDirectory: '/',
      input: script,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    };
    const end = await withDeadline(
      this.#clock,
      timeoutMs,
      signal,
      (bounded) => runProgram(program, this.#clock, bounded).catch((error: unknown) => this.#notRun(error)),
      this.name,
    );
    const why = whyFailed(end);
    if (why === null) return end.output;
    const isRefused = /permission denied \(|host key verification failed|host key is known/i.test(why);
    if (!isRefused) throw new PortError('Transient', UNREACHABLE, `${this.name}: ${why}`);
    const remedy = "give Drover's user a key that the host takes, and put the host's key into known_hosts";
    throw new PortError('Unauthorized', 'notAllowed', `${this.name}: ${why}; ${remedy}`);
  }

  #notRun(error: unknown): never {
    if (!(error instanceof ProgramError)) throw error;
    const [program = ''] = this.#settings.shell;
    const reaction = error.code === 'givenUp' || error.code === 'tooMuchOutput' ? 'Transient' : 'Invalid';
    throw new PortError(reaction, 'notRun', `${program} for ${this.name} ${error.message}`, { cause: error });
  }

  #parsed(text: string): Claim | null {
    try {
      return readClaim(text);
    } catch (error) {
      const message = `The claim on ${this.name} (${this.#directory}/claim there) cannot be read: ${reasonOf(error)}; if nobody uses the host, remove it.`;
      throw new PortError('Transient', 'claimUnreadable', message, { cause: error });
    }
  }
}
