import { oneLine, reasonOf } from '../base/quoted.ts';
import type { EpochMs } from '../model/time.ts';
import { PortError } from '../ports/errors.ts';
import { secretPartsOf, withoutSecrets } from './secret.ts';

/** Of an answer that says why it refuses, so much is read. */
const MAX_ANSWER_BYTES = 2_048;
const CONNECT_TIMEOUT_MS = 10_000;

export interface Post {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: string;
  /** Beside the address. */
  readonly secrets?: readonly string[];
}

/**
 * Posts JSON once, on a connection of its own, and follows no redirect: what is sent goes to the address that the user gave or not at all.
 * Private addresses are the user's own. Of a good answer nothing is read.
 * @throws PortError by the answer's status, as Standard Webhooks has it: 410 is `NotFound`, 429 `RateLimited`
 */
export async function post(
  { url, headers = {}, body, secrets = [] }: Post,
  now: () => EpochMs,
  signal: AbortSignal,
): Promise<void> {
  const clean = (text: string) => withoutSecrets(text, [...secretPartsOf(url), ...secrets]);
  // Only where something is sent: a fleet file is validated without it.
  const { Agent, request } = await import('undici');
  const over = new AbortController();
  // Without the signal a socket that is still connecting would be waited for, whoever has given up.
  const connect = { signal: AbortSignal.any([signal, over.signal]), timeout: CONNECT_TIMEOUT_MS };
  const dispatcher = new Agent({ connect });
  try {
    const sent = { 'content-type': 'application/json', 'user-agent': 'drover', ...headers };
    const answer = await request(url, { method: 'POST', dispatcher, signal, headers: sent, body });
    answer.body.on('error', () => {});
    if (answer.statusCode >= 200 && answer.statusCode < 300) return;
    const said = clean(oneLine(await beginningOf(answer.body)));
    throw refusal(answer.statusCode, said, retryAfterMs(answer.headers['retry-after'], now()));
  } catch (error) {
    if (error instanceof PortError) throw error;
    throw new PortError('Transient', 'noAnswer', `the receiver gives no answer: ${clean(reasonOf(error))}`);
  } finally {
    over.abort();
    await dispatcher.destroy();
  }
}

async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString();
}

function refusal(status: number, said: string, waitMs: number | null): PortError {
  const message = `the receiver answers HTTP ${status}${said === '' ? '' : `: ${said}`}`;
  const options = waitMs === null ? {} : { retryAfterMs: waitMs };
  if (status === 410) return new PortError('NotFound', 'gone', message);
  if (status === 429) return new PortError('RateLimited', 'rateLimited', message, options);
  if (status === 401 || status === 403) return new PortError('Unauthorized', 'refused', message, options);
  if (status >= 300 && status < 400) {
    return new PortError(
      'Invalid',
      'redirect',
      `${message}; redirects are not followed: give the address that it leads to`,
    );
  }
  const mayPass = status >= 500 || status === 408 || status === 425;
  return new PortError(mayPass ? 'Transient' : 'Invalid', 'refused', message, options);
}

/** Seconds, with a fraction where it is Discord's, or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | string[] | undefined, now: EpochMs): number | null {
  const text = Array.isArray(header) ? (header[0] ?? '') : (header ?? '');
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return Math.ceil(Number(text) * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
