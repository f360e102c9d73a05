import type { Command } from 'commander';
import { CliError } from '../actions.ts';
import { type Context, programOf, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { Top } from '../top/top.ts';

export async function top(context: Context, command: Command): Promise<void> {
  const { terminal } = context;
  if (terminal.stdin.isTTY !== true || terminal.stdout.isTTY !== true || terminal.env.TERM === 'dumb') {
    const message =
      'It needs a terminal with a screen. `drover status` shows the same once, and `drover activities --follow` what happens.';
    throw new CliError(EXIT.usage, message);
  }
  await withClient(context, command, async (client, signal) => {
    // Where no controller runs at all, that is the answer.
    const status = await client.status(signal);
    await new Top(client, terminal, programOf(command), status).run();
  });
}
