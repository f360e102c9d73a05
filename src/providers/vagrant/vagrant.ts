import { type ProgramEnd, ProgramError, runProgram } from '../../base/run-program.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import { meaningOf } from './errors.ts';
import { type Box, boxesIn, errorIn, lastDetail, parseLines, valuesOf } from './machine-readable.ts';
import type { VagrantSettings } from './settings.ts';

/** What provisioning scripts print is in it. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_TOOL_OUTPUT_BYTES = 32 * 1024 * 1024;

interface ToolContext {
  readonly settings: VagrantSettings;
  /** Where programs run that are for no machine. */
  readonly folder: string;
  readonly clock: Clock;
}

/** The programs that the provider runs: Vagrant, and those of its hypervisor. */
export class Vagrant {
  readonly #context: ToolContext;

  constructor(context: ToolContext) {
    this.#context = context;
  }

  /** Brings the machine of a folder up: makes it, starts it, prepares it. @throws PortError */
  async up(folder: string, name: string, signal: AbortSignal): Promise<void> {
    const { vagrantProvider } = this.#context.settings;
    const command = ['vagrant', 'up', name, '--provider', vagrantProvider, '--machine-readable'];
    await this.#vagrant(command, `vagrant up of ${name}`, signal, folder);
  }

  /** Ends and deletes the machine of a folder; succeeds where there is none. @throws PortError */
  async destroy(folder: string, name: string, signal: AbortSignal): Promise<void> {
    const command = ['vagrant', 'destroy', name, '--force', '--machine-readable'];
    await this.#vagrant(command, `vagrant destroy of ${name}`, signal, folder);
  }

  /** The boxes that are there. @throws PortError */
  async boxes(signal: AbortSignal): Promise<readonly Box[]> {
    return boxesIn(await this.#vagrant(['vagrant', 'box', 'list', '--machine-readable'], 'vagrant box list', signal));
  }

  /** The plugins that are installed, by name. @throws PortError */
  async plugins(signal: AbortSignal): Promise<readonly string[]> {
    const command = ['vagrant', 'plugin', 'list', '--machine-readable'];
    return valuesOf(await this.#vagrant(command, 'vagrant plugin list', signal), 'plugin-name');
  }

  /** `2.3.4`. @throws PortError */
  async version(signal: AbortSignal): Promise<string> {
    const { output } = await this.#run(['vagrant', '--version'], MAX_TOOL_OUTPUT_BYTES, signal);
    return output.trim().replace(/^Vagrant /, '');
  }

  /** One of the hypervisor's programs. @throws PortError */
  async tool(command: readonly string[], signal: AbortSignal, input?: string): Promise<string> {
    const end = await this.#run(command, MAX_TOOL_OUTPUT_BYTES, signal, input);
    // docker inspect prints those that it has found, and fails for one that has gone.
    if (end.code === 0 || /^Error: No such (?:object|container)/i.test(end.complaint)) return end.output;
    throw meaningOf({ kind: '', message: end.complaint }, command.slice(0, 2).join(' '));
  }

  async #vagrant(command: readonly string[], what: string, signal: AbortSignal, folder = this.#context.folder) {
    const end = await this.#run(command, MAX_OUTPUT_BYTES, signal, undefined, folder);
    const lines = parseLines(end.output);
    if (end.code === 0) return lines;
    // One of Ruby's own errors, or one of a plugin's, is on standard error only.
    const error = errorIn(lines) ?? { kind: '', message: end.complaint };
    const failure = meaningOf(error, what);
    const detail = failure.code === 'provisioning' ? lastDetail(lines) : '';
    if (detail === '') throw failure;
    throw new PortError(
      failure.reaction,
      failure.code,
      `${failure.message} (it printed last: ${detail.slice(0, 200)})`,
    );
  }

  async #run(
    command: readonly string[],
    maxOutputBytes: number,
    signal: AbortSignal,
    input?: string,
    workingDirectory = this.#context.folder,
  ): Promise<ProgramEnd> {
    const [program = ''] = command;
    const environment = this.#environment(workingDirectory);
    const what = { command, workingDirectory, environment, maxOutputBytes };
    try {
      return await runProgram(input === undefined ? what : { ...what, input }, this.#context.clock, signal);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      if (error.code === 'givenUp' || error.code === 'tooMuchOutput') {
        throw new PortError('Transient', error.code, `${program} ${error.message}`, { cause: error });
      }
      const message = `${program} ${error.message}; the vagrant provider needs it in the PATH of Drover`;
      throw new PortError('Invalid', 'noProgram', message, { cause: error });
    }
  }

  /** No message that changes with the language, and nothing that is asked of the network or of a terminal. */
  #environment(folder: string): Record<string, string> {
    const { home, dockerHost, vagrantProvider } = this.#context.settings;
    return {
      LC_ALL: 'C.UTF-8',
      VAGRANT_CWD: folder,
      VAGRANT_CHECKPOINT_DISABLE: '1',
      VAGRANT_NO_COLOR: '1',
      VAGRANT_DEFAULT_PROVIDER: vagrantProvider,
      ...(home === null ? {} : { VAGRANT_HOME: home }),
      ...(dockerHost === null ? {} : { DOCKER_HOST: dockerHost }),
    };
  }
}
