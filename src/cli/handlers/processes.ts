import type { Command } from 'commander';
import { type ApiClient, ApiError } from '../../api/client.ts';
import type { SuspendableProcess } from '../../model/scaling-policy.ts';
import { type Context, print, programOf, say, withClient } from '../context.ts';
import { type WaitOptions, waits } from '../options/wait.ts';
import { asTyped } from '../render/as-typed.ts';
import { groupsRemaining, waitUntilDone } from '../wait.ts';

export async function suspend(
  context: Context,
  group: string,
  processes: readonly SuspendableProcess[],
  command: Command,
): Promise<void> {
  const suspended = await withClient(context, command, (client, signal) =>
    client.suspendProcesses(group, processes, signal),
  );
  print(context, asTyped(inWords(group, suspended), programOf(command)));
}

export async function resume(
  context: Context,
  group: string,
  processes: readonly SuspendableProcess[],
  options: WaitOptions,
  command: Command,
): Promise<void> {
  await withClient(context, command, async (client, signal) => {
    const said =
      processes.length === 0
        ? await resumeLaunching(client, group, signal)
        : inWords(group, await client.resumeProcesses(group, processes, signal));
    print(context, asTyped(said, programOf(command)));
    if (!waits(options)) return;
    await waitUntilDone(context, client, options, groupsRemaining(new Set([group])));
    say(context, `Group ${group} is as it should be.`);
  });
}

async function resumeLaunching(client: ApiClient, group: string, signal: AbortSignal): Promise<string> {
  try {
    await client.resumeLaunch(group, signal);
    return `Group ${group} launches again.`;
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'conflict')) throw error;
    // Launching waits for nothing: what was asked for is so already.
    const { groups } = await client.status(signal);
    return inWords(group, groups.find(({ name }) => name === group)?.suspendedProcesses ?? []);
  }
}

function inWords(group: string, suspended: readonly SuspendableProcess[]): string {
  if (suspended.length === 0) return `Nothing is suspended in group ${group}.`;
  return `Suspended in group ${group}: ${suspended.join(', ')}. Resume with \`drover resume ${group} ${suspended.join(' ')}\`.`;
}
