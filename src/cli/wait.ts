import { type ApiClient, ApiError } from '../api/client.ts';
import { formatDuration } from '../base/duration.ts';
import { CliError } from './actions.ts';
import { type Context, say } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { DEFAULT_WAIT_TIMEOUT_MS, type WaitOptions } from './options/wait.ts';

const pollIntervalMs = 500;

/** What is not done yet, in a sentence; null once all is. Throws what waiting cannot help. */
export type Remaining = (client: ApiClient, signal: AbortSignal) => Promise<string | null>;

/**
 * Waits until nothing remains, and says what it waits for whenever that changes. A controller that restarts meanwhile is waited for, too.
 * @throws CliError `timedOut`, `interrupted`: what was begun goes on in both cases
 */
export async function waitUntilDone(
  context: Context,
  client: ApiClient,
  { timeout: timeoutMs = DEFAULT_WAIT_TIMEOUT_MS }: WaitOptions,
  remaining: Remaining,
): Promise<void> {
  const { clock, interrupted } = context.terminal;
  const end = clock.now() + timeoutMs;
  let said: string | null = null;
  for (;;) {
    const left = await remainingOrGone(client, interrupted, remaining);
    if (left === null) return;
    if (left !== said) say(context, `Waiting: ${left}`);
    said = left;
    if (clock.now() >= end) {
      const waited = formatDuration(timeoutMs);
      throw new CliError(EXIT.timedOut, `Not done within ${waited}: ${left} It goes on; \`drover status\` shows how.`);
    }
    await clock.sleep(Math.min(pollIntervalMs, Math.max(0, end - clock.now())), interrupted).catch(() => {});
    if (interrupted.aborted) throw new CliError(EXIT.interrupted, 'It goes on; `drover status` shows how.');
  }
}

async function remainingOrGone(client: ApiClient, signal: AbortSignal, remaining: Remaining): Promise<string | null> {
  try {
    return await remaining(client, signal);
  } catch (error) {
    if (signal.aborted) throw new CliError(EXIT.interrupted, 'It goes on; `drover status` shows how.');
    if (error instanceof ApiError && (error.code === 'notRunning' || error.code === 'noAnswer')) {
      return 'the controller does not answer.';
    }
    throw error;
  }
}

/**
 * What groups still need to be as they should: as many servers in service as desired, none on its way, and nothing that the next check would do.
 * @param names which groups; null for all
 * @throws CliError `failed` where a group launches nothing until a person acts
 */
export function groupsRemaining(names: ReadonlySet<string> | null): Remaining {
  const isMeant = (name: string) => names === null || names.has(name);
  return async (client, signal) => {
    const [{ groups }, plan] = [await client.status(signal), await client.plan(signal)];
    const stuck = groups.find(
      ({ name, launchSuspended, inService, desired }) =>
        isMeant(name) && launchSuspended !== null && inService < desired,
    );
    if (stuck !== undefined) {
      const { name, launchSuspended } = stuck;
      const message = `Launching is suspended in group ${name}: ${launchSuspended} \`drover resume ${name}\` launches again.`;
      throw new CliError(EXIT.failed, message);
    }
    const sentences = groups.flatMap(({ name, desired, inService, pending, terminating }) => {
      if (!isMeant(name)) return [];
      const next = plan.groups.find(({ group }) => group === name);
      const isBusy = (next?.activities.length ?? 0) > 0;
      if (inService === desired && pending === 0 && terminating === 0 && !isBusy) return [];
      const on = [
        ...(pending > 0 ? [`${pending} pending`] : []),
        ...(terminating > 0 ? [`${terminating} ending`] : []),
      ];
      const hold = next?.holds[0]?.message;
      return [`${[`${name} has ${inService} of ${desired} in service`, ...on].join(', ')}${hold ? ` (${hold})` : ''}.`];
    });
    return sentences.length === 0 ? null : sentences.join(' ');
  };
}
