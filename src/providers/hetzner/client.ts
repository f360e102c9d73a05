import type createClient from 'openapi-fetch';
import { isProgrammingError } from '../../base/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import { bucketOf, type CallKind, type RateLimit, type TokenBucket } from '../rate-limit.ts';
import { readSecret } from '../secret.ts';
import { answeredError, unansweredError } from './errors.ts';
import type { components, paths } from './generated/api.ts';
import type { InstanceSettings } from './settings.ts';

export type Server = components['schemas']['server'];
export type ServerOrder = components['schemas']['create_server_request'];
export type ServerType = components['schemas']['server_type'];
type Meta = components['schemas']['meta'];

/** Of one project (https://docs.hetzner.cloud/reference/cloud#rate-limiting). */
const RATE_LIMIT: RateLimit = { calls: 3_600, perMs: 3_600_000 };
/** The most that the API gives at a time. */
export const PAGE_SIZE = 50;
const MAX_PAGES = 200;
/** How often a list is begun anew that changed while its pages were read. */
const MAX_LIST_TRIES = 3;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** What openapi-fetch makes of a call. */
interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** The client that a call is made with: the methods of openapi-fetch, typed by the API's description. */
type Typed = ReturnType<typeof createClient<paths>>;

export interface CallContext {
  readonly kind: CallKind;
  readonly signal: AbortSignal;
}

/** For those alone who use it. The token is for this address alone, so no answer leads the client elsewhere. */
async function clientAt(baseUrl: string): Promise<Typed> {
  const { default: create } = await import('openapi-fetch');
  return create<paths>({ baseUrl, fetch: boundedFetch, redirect: 'error' });
}

/** The calls of one project: within its rate limit, with errors as PortErrors. Nothing is repeated here. */
export class HetznerClient {
  readonly #settings: InstanceSettings;
  readonly #clock: Clock;
  readonly #onWait: ((waitMs: number) => void) | undefined;
  #client: Promise<Typed> | null = null;

  /** @param onWait called with how long a call was held back for the rate limit */
  constructor(settings: InstanceSettings, clock: Clock, onWait?: (waitMs: number) => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#onWait = onWait;
  }

  /** How many calls are left now. */
  async callsLeft(): Promise<TokenBucket['left']> {
    return this.#bucket(await this.#token()).left;
  }

  /**
   * One call. @param run makes it with what it is given
   * @throws PortError
   */
  async call<T>(
    { kind, signal }: CallContext,
    run: (client: Typed, options: { headers: { authorization: string }; signal: AbortSignal }) => Promise<Answer<T>>,
  ): Promise<T> {
    const token = await this.#token();
    const bucket = this.#bucket(token);
    this.#client ??= clientAt(this.#settings.endpoint);
    const client = await this.#client;
    const made = async (): Promise<T> => {
      const { data, error, response } = await this.#answer(() =>
        run(client, { headers: { authorization: `Bearer ${token}` }, signal }),
      );
      bucket.learn(quotaOf(response.headers));
      if (response.ok && (data !== undefined || response.status === 204)) return data as T;
      if (response.ok) throw unansweredError(new Error(`HTTP ${response.status} without content`));
      const retryAfterMs = retryAfterOf(response.headers, this.#clock.now());
      throw answeredError(
        response.status,
        error,
        response.status === 429 ? bucket.refused(retryAfterMs) : retryAfterMs,
      );
    };
    return bucket.call(kind, signal, made, this.#onWait);
  }

  /** A server as it is now; null if there is none. */
  async server(id: number, context: CallContext): Promise<Server | null> {
    const params = { path: { id } };
    try {
      const { server } = await this.call(context, (api, how) => api.GET('/servers/{id}', { ...how, params }));
      return server ?? null;
    } catch (error) {
      if (error instanceof PortError && error.reaction === 'NotFound') return null;
      throw error;
    }
  }

  /**
   * All pages of a list, or none.
   * @param read makes the call for a page
   * @throws PortError `Transient` when it changes faster than it can be read
   */
  async all<T extends { readonly id: number }>(
    read: (page: number) => Promise<{ readonly items: readonly T[]; readonly meta: Meta }>,
  ): Promise<readonly T[]> {
    for (let tries = 0; tries < MAX_LIST_TRIES; tries += 1) {
      const found = await allPages(read);
      if (found !== null) return found;
    }
    const message = "Hetzner's list has changed each time between two of its pages; it is read again soon";
    throw new PortError('Transient', 'listChanged', message);
  }

  async #answer<T>(run: () => Promise<Answer<T>>): Promise<Answer<T>> {
    try {
      return await run();
    } catch (error) {
      // An answer that is no JSON is a proxy's, and a syntax error only of that.
      const isOurs = isProgrammingError(error) && !(error instanceof SyntaxError);
      throw error instanceof PortError || isOurs ? error : unansweredError(error);
    }
  }

  #token(): Promise<string> {
    return readSecret(this.#settings.token);
  }

  #bucket(token: string): TokenBucket {
    return bucketOf(`${this.#settings.endpoint}\n${token}`, RATE_LIMIT, this.#clock);
  }
}

/** Null when something came or went between two pages: what moved from one to the other is then in neither. */
async function allPages<T extends { readonly id: number }>(
  read: (page: number) => Promise<{ readonly items: readonly T[]; readonly meta: Meta }>,
): Promise<readonly T[] | null> {
  const found = new Map<number, T>();
  let total: number | null | undefined;
  let page: number | null = 1;
  for (let pages = 0; page !== null; pages += 1) {
    if (pages === MAX_PAGES) throw unansweredError(new Error(`a list has more than ${MAX_PAGES} pages`));
    const { items, meta } = await read(page);
    if (!Array.isArray(items) || typeof meta?.pagination !== 'object') {
      throw unansweredError(new Error('a list without items or pages'));
    }
    const { total_entries: totalNow, next_page: next } = meta.pagination;
    if (total !== undefined && total !== totalNow) return null;
    total = totalNow;
    for (const item of items) found.set(item.id, item);
    if (next !== null && next <= page) throw unansweredError(new Error('the pages of a list have no end'));
    page = next;
  }
  return typeof total === 'number' && total !== found.size ? null : [...found.values()];
}

function quotaOf(headers: Headers): { readonly limit: number | null; readonly remaining: number | null } {
  return { limit: numberIn(headers, 'ratelimit-limit'), remaining: numberIn(headers, 'ratelimit-remaining') };
}

/** `Retry-After` is in seconds, or a date. */
function retryAfterOf(headers: Headers, nowMs: number): number | null {
  const seconds = numberIn(headers, 'retry-after');
  if (seconds !== null) return seconds * 1_000;
  const at = Date.parse(headers.get('retry-after') ?? '');
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

function numberIn(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** `fetch`, with a bound on what it takes in. */
async function boundedFetch(request: Request): Promise<Response> {
  const { status, headers, body } = await fetch(request);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw unansweredError(new Error(`more than ${MAX_ANSWER_BYTES} bytes`));
    chunks.push(chunk);
  }
  return new Response(bytes === 0 ? null : Buffer.concat(chunks), { status, headers });
}
