import type { CommandRunner } from '../../../src/ports/command.ts';
import { PortError } from '../../../src/ports/errors.ts';
import { type CallConditions, simulateCall } from './call.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface CommandConditions {
  readonly run: CallConditions;
  /** How often it ends badly. */
  fails: number;
}

export interface SimCommandOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly conditions: CommandConditions;
  readonly onRun: (instanceId: string) => void;
}

/** The termination commands of the simulated world. */
export function simulatedCommands({ clock, random, trace, conditions, onRun }: SimCommandOptions): CommandRunner {
  return {
    run: (_command, { DROVER_INSTANCE_ID: id = '' }, signal) =>
      simulateCall({
        clock,
        random,
        conditions: conditions.run,
        signal,
        outlivesCaller: false,
        effect: () => {
          onRun(id);
          if (random.chance(conditions.fails)) throw new PortError('Transient', 'commandFailed', 'flush exits with 1');
        },
        onFault: (fault) => trace.note('command', `${id} ${fault}`),
      }),
  };
}
