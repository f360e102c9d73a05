import type { Command } from 'commander';
import { type ApiClient, ApiError } from '../../api/client.ts';
import { count } from '../../base/plural.ts';
import { LIFECYCLE } from '../../model/lifecycle.ts';
import type { FleetStatus } from '../../views/status.ts';
import { CliError, InvalidFleetFile } from '../actions.ts';
import { confirm } from '../confirm.ts';
import { type Context, fleetToRun, programOf, say, withClient } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { follow, PlainView } from '../live/follow.ts';
import { LiveView } from '../live/live-view.ts';
import { showFleet } from '../live/show-fleet.ts';
import type { Sight } from '../live/sights.ts';

export interface DownOptions {
  readonly yes?: true;
  /** Milliseconds; without it there is no end to the waiting. */
  readonly timeout?: number;
}

export async function down(
  context: Context,
  file: string | undefined,
  options: DownOptions,
  command: Command,
): Promise<void> {
  const running = await withClient(
    context,
    command,
    (client) => endRunning(context, client, programOf(command), options),
    file,
  );
  if (!running) await endStopped(context, file, options, command);
  say(context, 'Everything that the fleet owned is gone.');
}

/** @returns false where no controller is running */
async function endRunning(
  context: Context,
  client: ApiClient,
  program: string,
  { yes, timeout }: DownOptions,
): Promise<boolean> {
  const signal = context.terminal.interrupted;
  const status = await client.status(signal).catch((error: unknown) => {
    if (isNotRunning(error)) return null;
    throw error;
  });
  if (status === null) return false;
  await confirm(context, question(status), yes === true);
  const [newest] = await client.activities({ limit: 1 }, signal);
  await client.down(signal);
  await withLimit(context, timeout, (limited) => followToTheEnd(limited, client, program, newest?.sequence ?? 0));
  return true;
}

async function followToTheEnd(
  { context, isOver }: Limited,
  client: ApiClient,
  program: string,
  afterSequence: number,
): Promise<void> {
  const { terminal } = context;
  const view = terminal.stdout.isTTY === true ? new LiveView(terminal, program) : new PlainView(terminal);
  let last: FleetStatus | null = null;
  const goOn = (sight: Sight) => {
    if (sight.kind === 'seen') last = sight.status;
    return sight.kind === 'seen' || !isNotRunning(sight.error);
  };
  await follow(client, view, terminal, terminal.interrupted, { afterSequence, goOn });
  if (terminal.interrupted.aborted) {
    throw new CliError(
      isOver() ? EXIT.timedOut : EXIT.interrupted,
      'The controller goes on terminating the fleet; `drover status --watch` shows how.',
    );
  }
  const left = remaining(last);
  if (left > 0) {
    throw new CliError(
      EXIT.failed,
      `The controller ended while ${count(left, 'server')} still ran. Run \`drover down\` again to terminate them.`,
    );
  }
}

/** A context that is interrupted once the time is over. */
interface Limited {
  readonly context: Context;
  /** Whether the time is over. */
  readonly isOver: () => boolean;
}

/** @param limitMs undefined for no end */
async function withLimit(
  context: Context,
  limitMs: number | undefined,
  act: (limited: Limited) => Promise<void>,
): Promise<void> {
  if (limitMs === undefined) return act({ context, isOver: () => false });
  const { terminal } = context;
  const [limit, done] = [new AbortController(), new AbortController()];
  const waiting = terminal.clock.sleep(limitMs, done.signal).then(
    () => limit.abort(new Error('the time is over')),
    () => {},
  );
  const interrupted = AbortSignal.any([terminal.interrupted, limit.signal]);
  try {
    await act({ context: { ...context, terminal: { ...terminal, interrupted } }, isOver: () => limit.signal.aborted });
  } finally {
    done.abort();
    await waiting;
  }
}

/** Servers whose end had not begun when the fleet was last seen. */
function remaining(status: FleetStatus | null): number {
  const instances = status?.groups.flatMap((group) => group.instances) ?? [];
  return instances.filter(({ state }) => !LIFECYCLE[state].isEnding).length;
}

async function endStopped(
  context: Context,
  file: string | undefined,
  { yes, timeout }: DownOptions,
  command: Command,
): Promise<void> {
  const { fleetFile, dataDir } = await fleetToRun(context, file, command);
  const what = fleetFile === null ? `the fleet of ${dataDir}` : `fleet ${await nameOf(context, fleetFile)}`;
  await confirm(context, `Terminate everything that ${what} owns, servers and load balancers?`, yes === true);
  const fleet = await context.actions.startFleet({ fleetFile, dataDir, mode: 'down' });
  const program = programOf(command);
  await withLimit(context, timeout, async ({ context: limited, isOver }) => {
    const show = { shows: 'view', program, hints: () => [], onInterrupt: 'stop' } as const;
    if (!(await showFleet(limited, fleet, show))) return;
    const exitCode = isOver() ? EXIT.timedOut : EXIT.interrupted;
    throw new CliError(exitCode, 'Not all is gone yet. Run `drover down` again to go on.');
  });
}

async function nameOf(context: Context, fleetFile: string): Promise<string> {
  const result = await context.actions.loadFleet(fleetFile);
  if (!result.ok) throw new InvalidFleetFile(result.errors);
  return result.fleet.name;
}

function question({ fleet, groups, loadBalancers }: FleetStatus): string {
  const servers = groups.reduce((sum, group) => sum + group.instances.length, 0);
  const what = `${count(servers, 'server')} and ${count(loadBalancers.length, 'load balancer')}`;
  return `Terminate everything that fleet ${fleet} owns, ${what}? Open requests may finish first.`;
}

function isNotRunning(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'notRunning';
}
