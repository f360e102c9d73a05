import type { Command } from 'commander';
import type { Context } from '../context.ts';

export function addDoctorCommand(program: Command, context: Context): void {
  program
    .command('doctor')
    .summary('check this host, the data folder and the providers')
    .description(
      'Looks into what a fleet needs: HAProxy, limits, clock, data folder, ports, and the reach, credentials and quota of each provider. Says what to do about each finding. Changes nothing.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml, where there is one)')
    .option('--json', 'all of it, for programs')
    .action(async (file: string | undefined, options: { json?: true }, command: Command) => {
      const { doctor } = await import('../handlers/doctor.ts');
      await doctor(context, file, options.json === true, command);
    });
}
