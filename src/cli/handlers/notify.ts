import type { Command } from 'commander';
import { type Context, say, withClient } from '../context.ts';
import { type OutputOptions, printAs } from '../options/output.ts';
import { clean } from '../render/clean.ts';
import type { Look } from '../render/look.ts';
import { renderNotifications } from '../render/notifications.ts';

export async function list(context: Context, options: OutputOptions, command: Command): Promise<void> {
  const destinations = await withClient(context, command, (client, signal) => client.notifications(signal));
  const table = (look: Look) => renderNotifications(destinations, look).join('\n');
  await printAs(context, options, destinations, { table, names: () => destinations.map(({ name }) => name) }, command);
}

export async function test(context: Context, name: string, command: Command): Promise<void> {
  await withClient(context, command, (client, signal) => client.testNotification(name, signal));
  say(context, `The test message to ${clean(name)} was delivered.`);
}
