import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { FleetStatus } from '../../views/status.ts';
import type { RunningFleet } from '../actions.ts';
import { type Context, dataDirPath, fleetFilePath, say } from '../context.ts';
import { follow, PlainView } from '../live/follow.ts';
import { demoHints, type Hint, shortPath } from '../live/hints.ts';
import { LiveView } from '../live/live-view.ts';
import { warnOf } from './fleet.ts';

export function addRunCommands(program: Command, context: Context): void {
  program
    .command('run')
    .summary('run the controller of a fleet')
    .description(
      'Runs the controller of a fleet until it is interrupted. On a terminal it shows a live view, elsewhere a line for each ' +
        'activity. Interrupted, it ends alone: HAProxy and the servers go on, and the next run takes them over. SIGHUP reloads ' +
        'the fleet file.',
    )
    .argument('[fleet.yaml]', 'the fleet file (default: ./fleet.yaml)')
    .option('--plain', 'a line for each activity, also on a terminal')
    .action(async (file: string | undefined, options: { plain?: true }, command: Command) => {
      const fleetFile = fleetFilePath(context, file);
      const dataDir = dataDirPath(context, command, fleetFile);
      const starting = context.actions.startFleet({ fleetFile, dataDir, mode: 'up' });
      context.terminal.becomeService(() => void reload(context, starting));
      const fleet = await starting;
      const loaded = await context.actions.loadFleet(fleetFile);
      if (loaded.ok) await warnOf(context, fleetFile, loaded.fleet);
      const interrupted = await showFleet(context, fleet, options.plain === true, () => RUN_HINTS, 'stop');
      say(
        context,
        interrupted
          ? 'The controller has ended; HAProxy and the servers go on. `drover run` takes them over, `drover down` ends them.'
          : 'Everything that the fleet owned is gone.',
      );
    });

  program
    .command('demo')
    .summary('run the example fleet and say what to try')
    .description('Runs the example fleet with a live view and hints what to try. Ctrl-C ends all that it started.')
    .option('--plain', 'a line for each activity, also on a terminal')
    .action(async (options: { plain?: true }, command: Command) => {
      const { actions, terminal } = context;
      const fleetFile = actions.demoFleetFile;
      await sayInitialSize(context, fleetFile);
      const fleet = await actions.startFleet({
        fleetFile,
        dataDir: dataDirPath(context, command, fleetFile),
        mode: 'up',
      });
      const hints = (status: FleetStatus) => demoHints(status, terminal.cwd);
      await showFleet(context, fleet, options.plain === true, hints, 'down');
      say(context, 'Everything that the demo started is gone.');
    });
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
    `The demo starts with ${size.trim()} servers: the file ${shortPath(context.terminal.cwd, file)} says so.`,
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

const RUN_HINTS: readonly Hint[] = [
  { command: 'Ctrl-C', effect: 'ends this controller; HAProxy and the servers go on' },
];

/**
 * Shows a fleet of this process until it has ended, by itself or by an interrupt.
 * @returns whether it was interrupted
 */
export async function showFleet(
  { terminal }: Context,
  fleet: RunningFleet,
  plain: boolean,
  hints: (status: FleetStatus) => readonly Hint[],
  onInterrupt: 'stop' | 'down',
): Promise<boolean> {
  const live = terminal.stdout.isTTY === true && !plain;
  const view = live ? new LiveView(terminal, hints) : new PlainView(terminal, onInterrupt === 'down' ? hints : null);
  const viewing = new AbortController();
  const showing = follow(fleet.source, view, terminal, viewing.signal);
  try {
    const interrupted = await Promise.race([
      fleet.ended.then(() => false),
      aborted(terminal.interrupted).then(() => true),
    ]);
    if (interrupted) await fleet[onInterrupt]();
    await fleet.ended;
    return interrupted;
  } finally {
    viewing.abort();
    await showing;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
