import { count } from '../../base/plural.ts';
import { quotedStart } from '../../base/quoted.ts';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { type CallContext, HetznerClient } from './client.ts';
import { readInstanceSettings } from './settings.ts';

/** Fewer calls left than this are soon used up. */
const FEW_CALLS_SHARE = 0.2;
/** The id of no server: nothing is deleted by it. */
const NO_SERVER = 9_007_199_254_740_991;

const ok = (message: string): Finding => ({ level: 'ok', message, remedy: null });

/** Whether the token is good, may write, and has calls left, and whether the locations are there. It changes nothing. */
export async function diagnose({ settings, clock }: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]> {
  const read = readInstanceSettings(settings);
  const client = new HetznerClient(read, clock);
  const context: CallContext = { kind: 'change', signal };
  try {
    const { locations } = await client.call(context, (api, how) => api.GET('/locations', how));
    const names = locations.map(({ name }) => name);
    const unknown = read.locations.filter((name) => !names.includes(name));
    const findings: Finding[] = [ok(`Hetzner's API answers at ${read.endpoint}, and takes the token.`)];
    findings.push(await writes(client, context));
    if (unknown.length === 0)
      findings.push(ok(`Its ${count(read.locations.length, 'location')} are there: ${read.locations.join(', ')}.`));
    for (const name of unknown) {
      findings.push({
        level: 'error',
        message: `There is no location ${quotedStart(name)}.`,
        remedy: `Write one of ${names.join(', ')}.`,
      });
    }
    findings.push(await rate(client));
    return findings;
  } catch (error) {
    const { message, reaction } = asPortError(error);
    const remedy =
      reaction === 'Unauthorized'
        ? 'Make a token that may read and write in the Hetzner console, and put it where the settings say.'
        : 'See whether this host reaches the address of endpoint, and whether status.hetzner.com reports an incident.';
    return [{ level: 'error', message: `Hetzner's API cannot be used: ${message}.`, remedy }];
  }
}

/** A token that may only read is refused before anybody looks for the server. */
async function writes(client: HetznerClient, context: CallContext): Promise<Finding> {
  const params = { path: { id: NO_SERVER } };
  const error = await client
    .call(context, (api, how) => api.DELETE('/servers/{id}', { ...how, params }))
    .then(() => null, asPortError);
  if (error?.reaction === 'NotFound') return ok('The token may write.');
  if (error?.reaction !== 'Unauthorized') {
    const why = error === null ? 'an answer that makes no sense' : error.message;
    return { level: 'warning', message: `Whether the token may write is unknown: ${why}.`, remedy: 'Try again later.' };
  }
  return {
    level: 'error',
    message: `The token may only read: ${error.message}.`,
    remedy: 'Make one that may read and write in the Hetzner console.',
  };
}

async function rate(client: HetznerClient): Promise<Finding> {
  const { calls, of } = await client.callsLeft();
  const message = `${calls} of ${of} calls are left of the token's rate limit.`;
  if (calls >= of * FEW_CALLS_SHARE) return ok(message);
  return { level: 'warning', message, remedy: 'Find what else uses the project, or give Drover a project of its own.' };
}
