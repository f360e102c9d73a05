import { count } from '../../base/plural.ts';
import { describeError } from '../../fleet/file/errors.ts';
import type { ValidFleetFile } from '../../fleet/file/load.ts';
import { InvalidFleetFile } from '../actions.ts';
import { type Context, fleetFilePath, print, warn } from '../context.ts';
import { exposedSecrets } from '../exposed-secrets.ts';

export async function validate(context: Context, file: string | undefined): Promise<void> {
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
  await warnOf(context, fleetFile, result);
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
