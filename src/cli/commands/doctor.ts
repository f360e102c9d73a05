import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addOutput, type OutputOptions, TEXTS } from '../options/output.ts';

export function addDoctorCommand(program: Command, context: Context): void {
  const doctor = program
    .command('doctor')
    .summary('check this host, the data folder and the providers')
    .description(
      'Looks into what a fleet needs: HAProxy, limits, clock, data folder, ports, and the reach, credentials and quota of each provider. Says what to do about each finding. Changes nothing.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml, where there is one)');
  addOutput(doctor, TEXTS).action(async (file: string | undefined, options: OutputOptions, command: Command) => {
    const handlers = await import('../handlers/doctor.ts');
    await handlers.doctor(context, file, options, command);
  });
}
