import { quotedStart, reasonOf } from '../base/quoted.ts';
import { isNetworkError } from '../base/system-error.ts';
import { Missing } from './source.ts';

const CONNECT_TIMEOUT_MS = 10_000;

export interface GetOptions {
  readonly signal: AbortSignal;
  readonly maxBodyBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** For one of several that are asked at once; the signal bounds the whole. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks once, on a connection of its own, and follows no redirect: a number comes from the address that the user gave or not
 * at all, and headers go nowhere else.
 * @throws Missing when there is no answer, or one that is too long
 */
export async function get(url: string, { signal, maxBodyBytes, headers = {}, timeoutMs }: GetOptions): Promise<Answer> {
  // Only where something is asked: a fleet file is validated without it.
  const { Agent, request } = await import('undici');
  const over = new AbortController();
  // Without the signal a socket that is still connecting would be waited for, whoever has given up.
  const connect = { signal: AbortSignal.any([signal, over.signal]), timeout: timeoutMs ?? CONNECT_TIMEOUT_MS };
  const dispatcher = new Agent({ maxResponseSize: maxBodyBytes, connect });
  const bounds = timeoutMs === undefined ? {} : { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal, headers, ...bounds });
    return { status: statusCode, text: await body.text() };
  } catch (error) {
    if (!isNetworkError(error)) throw error;
    throw new Missing('failed', `${shownUrl(url)} gives no answer: ${reasonOf(error)}`);
  } finally {
    over.abort();
    await dispatcher.destroy();
  }
}

/** The same, for an answer that has to be 200. */
export async function getText(url: string, options: GetOptions): Promise<string> {
  const { status, text } = await get(url, options);
  if (status !== 200) throw unexpectedStatus(url, status);
  return text;
}

export function unexpectedStatus(url: string, status: number): Missing {
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return new Missing('failed', `${shownUrl(url)} answers HTTP ${status}${redirect}`);
}

/** @throws Missing when it is not JSON */
export function parseJson(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Missing('notANumber', `${shownUrl(url)} answers ${quotedStart(text)}, which is not JSON`);
  }
}

/** Without the query, which may hold a key. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
