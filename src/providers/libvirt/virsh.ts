import { type ProgramEnd, ProgramError, runProgram, whyFailed } from '../../base/run-program.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import { virshError } from './errors.ts';
import type { HostSettings } from './settings.ts';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** Printed before what each command of several prints; no domain can have such a name. */
const NEXT_COMMAND = '==/drover/==';
/** Messages in English, whatever Drover's own environment says. */
export const VIRSH_ENVIRONMENT = { LC_ALL: 'C' };

/** virsh, for one host. Every call is a connection of its own. */
export class Virsh {
  /** The host in words. */
  readonly where: string;
  readonly #uri: string;
  readonly #clock: Clock;

  constructor({ zone, uri }: HostSettings, clock: Clock) {
    this.where = zone === null ? uri : `host ${zone} (${uri})`;
    this.#uri = uri;
    this.#clock = clock;
  }

  /** What virsh is started with for a command. */
  commandLine(args: readonly string[]): readonly string[] {
    return ['virsh', '--quiet', '--connect', withoutQuestions(this.#uri), ...args];
  }

  /**
   * Runs one command, and returns what it prints.
   * @throws PortError
   */
  async run(args: readonly string[], signal: AbortSignal): Promise<string> {
    const end = await this.tried(args, signal);
    if (whyFailed(end) === null) return end.output;
    throw virshError(`virsh ${args[0]} on ${this.where}`, end.complaint);
  }

  /**
   * Runs one command, which may fail.
   * @throws PortError when it cannot be run
   */
  async tried(args: readonly string[], signal: AbortSignal): Promise<ProgramEnd> {
    const program = {
      command: this.commandLine(args),
      workingDirectory: '/',
      environment: VIRSH_ENVIRONMENT,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    };
    return await untilAborted(signal, async () => {
      try {
        return await runProgram(program, this.#clock, signal);
      } catch (error) {
        if (!(error instanceof ProgramError)) throw error;
        throw new PortError(reactionOf(error), 'virshNotRun', `virsh for ${this.where} ${error.message}`, {
          cause: error,
        });
      }
    });
  }

  /**
   * Runs several commands over one connection, and returns what each has printed: nothing, too, where one has failed, apart from the last.
   * @param commands as virsh reads them: words of letters, digits and `-_.`
   * @throws PortError when the last has failed
   */
  async several(commands: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const script = commands.map((command) => `echo ${NEXT_COMMAND}; ${command}`).join('; ');
    const end = await this.tried([script], signal);
    if (whyFailed(end) !== null) throw virshError(`virsh on ${this.where}`, end.complaint);
    return end.output.split(NEXT_COMMAND).slice(1);
  }
}

function reactionOf({ code }: ProgramError): 'Invalid' | 'Transient' {
  return code === 'notFound' || code === 'notExecutable' ? 'Invalid' : 'Transient';
}

/** Nobody is there to type a password. */
function withoutQuestions(uri: string): string {
  if (!uri.startsWith('qemu+ssh:') || /[?&]no_tty=/.test(uri)) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}no_tty=1`;
}
