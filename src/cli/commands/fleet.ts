import type { Command } from 'commander';
import { ApiError } from '../../api/client.ts';
import type { Fleet } from '../../model/fleet.ts';
import { CliError, InvalidFleetFile } from '../actions.ts';
import { confirm } from '../confirm.ts';
import { type Context, fleetFilePath, print, printJson, say, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { exposedSecrets } from '../exposed-secrets.ts';
import { renderChanges } from '../render/changes.ts';
import { count } from '../render/units.ts';
import { uncutLook } from '../terminal.ts';

export function addFleetCommands(program: Command, context: Context): void {
  program
    .command('validate')
    .summary('check a fleet file')
    .description(
      'Checks a fleet file without doing anything. Errors name the line, the value, and what would be right.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml)')
    .action(async (file: string | undefined) => {
      const fleetFile = fleetFilePath(context, file);
      const result = await context.actions.loadFleet(fleetFile);
      if (!result.ok) throw new InvalidFleetFile(result.errors);
      const { name, loadBalancers, targetGroups, autoScalingGroups } = result.fleet;
      const parts = [
        count(loadBalancers.length, 'load balancer'),
        count(targetGroups.length, 'target group'),
        count(autoScalingGroups.length, 'auto scaling group'),
      ];
      print(context, `${fleetFile} is valid: fleet ${name} with ${parts.join(', ')}.`);
      await warnOf(context, fleetFile, result.fleet);
    });

  program
    .command('reload')
    .summary('apply the changed fleet file')
    .description('Shows what the fleet file on disk would change, asks, and applies it to the running controller.')
    .option('--yes', 'do not ask')
    .action((options: { yes?: true }, command: Command) => reload(context, options.yes === true, command));

  program
    .command('schema')
    .summary('print the JSON Schema of fleet files')
    .description(
      'Prints the JSON Schema of fleet files, for editors that complete and check them while they are written.',
    )
    .action(async () => printJson(context, await context.actions.jsonSchema(), 2));
}

/** What is wrong with a valid fleet file, beside the result: standard output and the exit code stay what they are. */
export async function warnOf(context: Context, fleetFile: string, fleet: Fleet): Promise<void> {
  const warning = await exposedSecrets(fleetFile, fleet);
  if (warning !== null) say(context, warning);
  for (const text of await context.actions.settingsWarnings(fleet)) say(context, `drover: warning: ${text}.`);
}

async function reload(context: Context, yes: boolean, command: Command): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    const changes = await client.fleetChanges(signal).catch(invalidFile);
    if (changes.length === 0) return print(context, 'No changes.');
    print(context, renderChanges(changes, uncutLook(context.terminal)).join('\n'));
    const { fleetFile } = await client.status(signal);
    const loaded = await context.actions.loadFleet(fleetFile);
    if (loaded.ok) await warnOf(context, fleetFile, loaded.fleet);
    await confirm(context, `Apply ${count(changes.length, 'change')}?`, yes);
    const applied = await client.reloadFleet(signal).catch(invalidFile);
    print(context, `Applied ${count(applied.length, 'change')}.`);
  });
}

/** The API calls every value that it cannot take invalid; here that value is the fleet file. */
function invalidFile(error: unknown): never {
  if (error instanceof ApiError && error.code === 'invalid') throw new CliError(EXIT.invalidFleetFile, error.message);
  throw error;
}
