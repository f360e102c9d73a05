import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { DashboardOptions } from '../handlers/dashboard.ts';

export function addDashboardCommand(program: Command, context: Context): void {
  program
    .command('dashboard')
    .summary('print a link that opens the dashboard')
    .description(
      'Prints a link that opens the dashboard of the running controller and logs in. It works once, within 5 minutes; whoever opens it stays ' +
        'logged in for 12 hours. The controller must listen on a port: `drover run --listen 127.0.0.1:7700`.',
    )
    .addOption(
      new Option('--role <role>', 'what one may do there: see, also act on groups and instances, or everything')
        .choices(['viewer', 'operator', 'admin'])
        .default('admin'),
    )
    .action(async (options: DashboardOptions, command: Command) => {
      const { dashboard } = await import('../handlers/dashboard.ts');
      await dashboard(context, options, command);
    });
}
