import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { count } from '../../base/plural.ts';
import type { FleetStatus } from '../../views/status.ts';
import type { ListenAddress, LogLevel, RunningFleet } from '../actions.ts';
import { type Context, dataDirPath, fleetToRun, programOf, programWith, say } from '../context.ts';
import { demoHints, type Hint, shortPath } from '../live/hints.ts';
import { showFleet } from '../live/show-fleet.ts';
import { type LogFormat, logOutput } from '../log-output.ts';
import { asTyped } from '../render/as-typed.ts';
import { warnOfFile } from './validate.ts';

export interface RunOptions {
  readonly plain?: true;
  readonly logFormat?: LogFormat;
  readonly logLevel: LogLevel;
  readonly traces?: string;
  readonly listen?: ListenAddress;
}

export async function run(
  context: Context,
  file: string | undefined,
  { plain, logFormat, logLevel, traces, listen }: RunOptions,
  command: Command,
): Promise<void> {
  const { fleetFile, dataDir } = await fleetToRun(context, file, command);
  const program = programOf(command);
  const onLogLine = logFormat === undefined ? undefined : await logOutput(logFormat, context.terminal);
  const tracesTo = traces ?? collectorIn(context.terminal.env);
  const starting = context.actions.startFleet({
    fleetFile,
    dataDir,
    mode: 'up',
    logLevel,
    ...(onLogLine === undefined ? {} : { onLogLine }),
    ...(tracesTo === undefined ? {} : { tracesTo }),
    ...(listen === undefined ? {} : { listenOn: listen }),
  });
  context.terminal.becomeService(() => void reload(context, starting));
  const fleet = await starting;
  if (fleetFile !== null) await warnOfFile(context, fleetFile);
  const interrupted = await showFleet(context, fleet, {
    shows: logFormat !== undefined ? 'nothing' : plain === true ? 'lines' : 'view',
    program,
    hints: () => RUN_HINTS,
    onInterrupt: 'stop',
  });
  say(
    context,
    interrupted
      ? asTyped(
          'The controller has ended; HAProxy and the servers go on. `drover run` takes them over, `drover down` ends them.',
          program,
        )
      : 'Everything that the fleet owned is gone.',
  );
}

export async function demo(context: Context, plain: boolean, command: Command): Promise<void> {
  const { actions, terminal } = context;
  const fleetFile = actions.demoFleetFile;
  await sayInitialSize(context, fleetFile);
  const dataDir = dataDirPath(context, command, fleetFile);
  const fleet = await actions.startFleet({ fleetFile, dataDir, mode: 'up', listenOn: DEMO_LISTENS_ON });
  const link = fleet.dashboardLink();
  if (link !== null) say(context, `The dashboard: ${link}`);
  const program = `bin/${programWith(shortPath(terminal.cwd, dataDir))}`;
  const hints = (status: FleetStatus) => demoHints(status, terminal.cwd, program);
  await showFleet(context, fleet, { shows: plain ? 'lines' : 'view', program, hints, onInterrupt: 'down' });
  say(context, 'Everything that the demo started is gone.');
}

/** A desired capacity file that an earlier demo has left counts more than the size in the fleet file. */
async function sayInitialSize(context: Context, fleetFile: string): Promise<void> {
  const loaded = await context.actions.loadFleet(fleetFile);
  const file = loaded.ok ? loaded.fleet.autoScalingGroups[0]?.desiredCapacityFile : null;
  if (!file) return;
  const size = await readFile(file, 'utf8').catch(() => '');
  if (!/^\s*\d+\s*$/.test(size)) return;
  say(
    context,
    `The demo starts with ${count(Number(size), 'server')}: the file ${shortPath(context.terminal.cwd, file)} says so.`,
  );
}

/** On SIGHUP. What was applied or refused is an activity; only that there was nothing to do is not. */
async function reload(context: Context, starting: Promise<RunningFleet>): Promise<void> {
  try {
    const changes = await (await starting).reload();
    if (changes === 0) say(context, 'SIGHUP: the fleet file has not changed.');
  } catch (error) {
    say(context, `SIGHUP: the fleet file was not applied: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** As https://opentelemetry.io/docs/specs/otel/protocol/exporter/ has it. */
function collectorIn(env: Context['terminal']['env']): string | undefined {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined;
}

/** Any port that is free: another demo, or something else, may have the usual one. */
const DEMO_LISTENS_ON = { host: '127.0.0.1', port: 0 };

const RUN_HINTS: readonly Hint[] = [
  { command: 'Ctrl-C', effect: 'ends this controller; HAProxy and the servers go on' },
];
