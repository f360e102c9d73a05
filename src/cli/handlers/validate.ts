import type { Command } from 'commander';
import { count } from '../../base/plural.ts';
import { describeError, type FleetFileError } from '../../fleet/file/errors.ts';
import type { FleetFileResult, ValidFleetFile } from '../../fleet/file/load.ts';
import { InvalidFleetFile, SaidAlready } from '../actions.ts';
import { type Context, fleetFilePath, print, warn } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { exposedSecrets } from '../exposed-secrets.ts';
import { formatOf, type OutputOptions, printAs } from '../options/output.ts';

export async function validate(
  context: Context,
  file: string | undefined,
  options: OutputOptions,
  command: Command,
): Promise<void> {
  const fleetFile = fleetFilePath(context, file);
  const result = await context.actions.loadFleet(fleetFile);
  if (formatOf(options) !== 'table') return await validateForProgram(context, fleetFile, result, options, command);
  if (!result.ok) throw new InvalidFleetFile(result.errors);
  const { name, loadBalancers, targetGroups, autoScalingGroups } = result.fleet;
  const parts = [
    count(loadBalancers.length, 'load balancer'),
    count(targetGroups.length, 'target group'),
    count(autoScalingGroups.length, 'auto scaling group'),
  ];
  print(context, `${fleetFile} is valid: fleet ${name} with ${parts.join(', ')}.`);
  await warnOf(context, fleetFile, result);
}

/** With what is wrong as data: an editor or a pipeline puts it at its line. */
async function validateForProgram(
  context: Context,
  fleetFile: string,
  result: FleetFileResult,
  options: OutputOptions,
  command: Command,
): Promise<void> {
  const errors = result.ok ? [] : result.errors;
  const warnings = result.ok ? await context.actions.warnings(result) : [];
  const found = { file: fleetFile, valid: result.ok, errors: errors.map(placed), warnings: warnings.map(placed) };
  await printAs(context, options, found, { table: () => '' }, command);
  if (!result.ok) throw new SaidAlready(EXIT.invalidFleetFile);
}

function placed({ file, line, column, path, message }: FleetFileError): object {
  return { file, line, column, path, message };
}

export async function warnOfFile(context: Context, fleetFile: string): Promise<void> {
  const loaded = await context.actions.loadFleet(fleetFile);
  if (loaded.ok) await warnOf(context, fleetFile, loaded);
}

/** What is wrong with a valid fleet file, beside the result: standard output and the exit code stay what they are. */
async function warnOf(context: Context, fleetFile: string, file: ValidFleetFile): Promise<void> {
  const exposed = await exposedSecrets(fleetFile, file.fleet);
  if (exposed !== null) warn(context, exposed);
  for (const warning of await context.actions.warnings(file)) warn(context, describeError(warning));
}
