import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ListenAddress } from '../actions.ts';
import type { Context } from '../context.ts';
import type { RunOptions } from '../handlers/run.ts';
import { LOG_FORMATS } from '../log-output.ts';

export function addRunCommands(program: Command, context: Context): void {
  program
    .command('run')
    .summary('run the controller of a fleet')
    .description(
      'Runs the controller of a fleet until it is interrupted. On a terminal it shows a live view, elsewhere a line for each ' +
        'activity. An interrupt ends only the controller: HAProxy and the servers keep running, and the next run takes them over. SIGHUP reloads ' +
        'the fleet file.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml; without one, the API owns the fleet)')
    .option('--plain', 'a line for each activity, also on a terminal')
    .addOption(
      new Option('--log-format <format>', 'write the log to standard output, and neither view nor activities')
        .choices(LOG_FORMATS)
        .conflicts('plain'),
    )
    .addOption(
      new Option('--log-level <level>', 'what the log is about: calls of providers, too (debug), or only what is wrong')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .option(
      '--traces <url>',
      'send OpenTelemetry traces to a collector: OTLP over HTTP, as http://127.0.0.1:4318',
      httpUrl,
    )
    .option(
      '--listen <address>',
      'serve the dashboard and the API there, too, as 127.0.0.1:7700; who asks logs in with `drover dashboard`',
      listenAddress,
    )
    .action(async (file: string | undefined, options: RunOptions, command: Command) => {
      const { run } = await import('../handlers/run.ts');
      await run(context, file, options, command);
    });

  program
    .command('demo')
    .summary('run the example fleet and say what to try')
    .description(
      'Runs the example fleet with a live view and hints what to try. Ctrl-C terminates all that it started.',
    )
    .option('--plain', 'a line for each activity, also on a terminal')
    .action(async (options: { plain?: true }, command: Command) => {
      const { demo } = await import('../handlers/run.ts');
      await demo(context, options.plain === true, command);
    });
}

/** `ADDRESS:PORT`; an address of IPv6 in brackets. */
function listenAddress(text: string): ListenAddress {
  const [, host = '', port = ''] = /^(?:\[?([^\]]+?)\]?):(\d{1,5})$/.exec(text) ?? [];
  if (isIP(host) !== 0 && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new InvalidArgumentError('It must be an IP address and a port, as 127.0.0.1:7700 or [::1]:7700.');
}

function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text;
  throw new InvalidArgumentError('It must be a URL that begins with http:// or https://.');
}
