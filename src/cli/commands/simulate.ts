import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MAX_DURATION_MS, parseDuration } from '../../base/duration.ts';
import { VALUE_KINDS, type ValueKind } from '../../model/scaling-policy.ts';
import { CliError, type LoadSource } from '../actions.ts';
import { type Context, dataDirPath, fleetFilePath, print, printJson, say } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { renderWhatIf } from '../render/what-if.ts';
import { renderWhatIfHtml } from '../render/what-if-html.ts';
import { terminalLook } from '../terminal.ts';

interface SimulateCommandOptions {
  readonly group: string;
  readonly fleet?: string;
  readonly compare?: string;
  readonly metrics?: string;
  readonly prometheusRange?: string;
  readonly metric?: string;
  readonly valueIs?: ValueKind;
  readonly from?: number;
  readonly to?: number;
  readonly boot: number;
  readonly capacity?: number;
  readonly html?: string;
  readonly json?: true;
}

export function addSimulateCommand(program: Command, context: Context): void {
  program
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
    .option('--html <file>', 'write a report with charts as well')
    .option('--json', 'as JSON')
    .action((options: SimulateCommandOptions, command: Command) => simulate(context, options, command));
}

async function simulate(context: Context, options: SimulateCommandOptions, command: Command): Promise<void> {
  const fleetFile = fleetFilePath(context, options.fleet);
  const { cwd } = context.terminal;
  const { compare } = options;
  const runs = await context.actions.simulate({
    fleetFiles: [
      { path: fleetFile, title: options.fleet ?? 'fleet.yaml' },
      ...(compare === undefined ? [] : [{ path: resolve(cwd, compare), title: compare }]),
    ],
    group: options.group,
    metric: options.metric ?? null,
    valueIs: options.valueIs ?? null,
    load: loadSource(options, cwd, () => dataDirPath(context, command, fleetFile)),
    from: options.from ?? null,
    to: options.to ?? null,
    bootMs: options.boot,
    capacity: options.capacity ?? null,
  });
  if (options.json === true) printJson(context, runs);
  else print(context, renderWhatIf(runs, terminalLook(context.terminal)).join('\n'));
  if (options.html === undefined) return;
  const path = resolve(cwd, options.html);
  try {
    await writeFile(path, renderWhatIfHtml(runs));
  } catch (error) {
    throw new CliError(EXIT.failed, `Could not write the report: ${error instanceof Error ? error.message : error}`);
  }
  say(context, `The report is ${path}.`);
}

function loadSource(options: SimulateCommandOptions, cwd: string, dataDir: () => string): LoadSource {
  const { metrics, prometheusRange } = options;
  if (metrics !== undefined) return { kind: 'csv', path: resolve(cwd, metrics) };
  if (prometheusRange !== undefined) return { kind: 'prometheusRange', path: resolve(cwd, prometheusRange) };
  return { kind: 'recorded', dataDir: dataDir() };
}

function time(text: string): number {
  const at = Date.parse(/Z|[+-]\d\d:?\d\d$/.test(text) || text.length <= 10 ? text : `${text}Z`);
  if (Number.isNaN(at)) throw new InvalidArgumentError('It has to be a time like 2026-11-23T08:00, in UTC.');
  return at;
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms > MAX_DURATION_MS) throw new InvalidArgumentError('It has to be a duration like 30s or 2m.');
  return ms;
}

function capacity(text: string): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) throw new InvalidArgumentError('It has to be a number above zero.');
  return value;
}
