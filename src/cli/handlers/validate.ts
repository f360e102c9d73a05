import type { Fleet } from '../../model/fleet.ts';
import { InvalidFleetFile } from '../actions.ts';
import { type Context, fleetFilePath, print, warn } from '../context.ts';
import { exposedSecrets } from '../exposed-secrets.ts';
import { count } from '../render/units.ts';

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
  await warnOf(context, fleetFile, result.fleet);
}

/** What is wrong with a valid fleet file, beside the result: standard output and the exit code stay what they are. */
export async function warnOf(context: Context, fleetFile: string, fleet: Fleet): Promise<void> {
  const warning = await exposedSecrets(fleetFile, fleet);
  if (warning !== null) warn(context, warning);
  for (const text of await context.actions.settingsWarnings(fleet)) warn(context, text);
}
