import { type Command, InvalidArgumentError, Option } from 'commander';
import { MAX_DURATION_MS, parseDuration } from '../../base/duration.ts';
import { VALUE_KINDS } from '../../model/scaling-policy.ts';
import type { Context } from '../context.ts';
import type { SimulateCommandOptions } from '../handlers/simulate.ts';
import { addOutput, TABLES } from '../options/output.ts';

export function addSimulateCommand(program: Command, context: Context): void {
  const simulate = program
    .command('simulate')
    .summary('try scaling policies on the load of the past')
    .description(
      "Replays a load through the policies of a fleet file's group, with the code that decides about real servers, and shows what " +
        'size it would have had, what that costs, and what would not have been served. Without a file of metrics: the load that was ' +
        'recorded. Changes nothing, and needs no running controller.',
    )
    .requiredOption('--group <group>', 'the auto scaling group')
    .option('--fleet <file>', 'the fleet file (default: ./fleet.yaml)')
    .option('--compare <file>', 'another fleet file, shown beside it')
    .option('--metrics <file>', 'the load of all servers together, as CSV: time,value')
    .addOption(
      new Option('--prometheus-range <file>', "the load as the JSON answer of Prometheus' query_range").conflicts(
        'metrics',
      ),
    )
    .option('--metric <name>', 'the metric that the load stands for, where the policies follow several')
    .addOption(
      new Option(
        '--value-is <kind>',
        'how policies see it, where none says so: divided by the servers, or as it is',
      ).choices(VALUE_KINDS),
    )
    .option('--from <time>', 'begin there; what is before is only learned from, by forecasts', time)
    .option('--to <time>', 'end there', time)
    .option('--boot <duration>', 'from a launch until the server is healthy', duration, 30_000)
    .option('--capacity <number>', "what one server can handle of the load (default: the policies' target)", capacity)
    .option('--html <file>', 'write a report with charts as well');
  addOutput(simulate, TABLES).action(async (options: SimulateCommandOptions, command: Command) => {
    const handlers = await import('../handlers/simulate.ts');
    await handlers.simulate(context, options, command);
  });
}

function time(text: string): number {
  const at = Date.parse(/Z|[+-]\d\d:?\d\d$/.test(text) || text.length <= 10 ? text : `${text}Z`);
  if (Number.isNaN(at)) throw new InvalidArgumentError('It must be a time like 2026-11-23T08:00, in UTC.');
  return at;
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms > MAX_DURATION_MS) throw new InvalidArgumentError('It must be a duration like 30s or 2m.');
  return ms;
}

function capacity(text: string): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) throw new InvalidArgumentError('It must be a number above zero.');
  return value;
}
