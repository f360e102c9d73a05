import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dropOldest } from '../base/drop-oldest.ts';
import type { Clock } from '../ports/clock.ts';
import { Refusal } from './errors.ts';

const KEEP_MS = 24 * 3_600_000;
/** Beyond them the oldest are forgotten. */
const MAX_KEYS = 10_000;
const MAX_KEY_CHARACTERS = 255;
/** An answer that is larger is not kept: its key is forgotten, and the request is done again. */
const MAX_KEPT_CHARACTERS = 64 * 1_024;

interface Kept {
  readonly fingerprint: string;
  readonly at: number;
  /** Null while the request is under way. */
  readonly answer: { readonly status: number; readonly contentType: string; readonly body: string } | null;
}

/**
 * Answers a request that is sent again under its `Idempotency-Key` as it was answered first. The keys are this controller's: after a restart a
 * request is done again, which changes nothing more, because every operation says what should be and not by how much.
 */
export class IdempotencyKeys {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(app: FastifyInstance): void {
    app.addHook('preHandler', async (request, reply) => {
      const key = keyOf(request);
      if (key === null) return undefined;
      const fingerprint = fingerprintOf(request);
      const known = this.#known(key);
      if (known === null) {
        this.#keep(key, { fingerprint, at: this.#clock.now(), answer: null });
        request.idempotencyKey = key;
        return undefined;
      }
      if (known.fingerprint !== fingerprint) {
        throw new Refusal('keyReused', 'Another request had this Idempotency-Key: give each request a new one.');
      }
      if (known.answer === null) {
        throw new Refusal('keyInUse', 'The request with this Idempotency-Key is under way: ask again in a moment.');
      }
      const { status, contentType, body } = known.answer;
      reply.header('idempotency-replayed', 'true').code(status);
      if (contentType !== '') reply.type(contentType);
      return reply.send(body === '' ? undefined : Buffer.from(body));
    });
    app.addHook('onSend', async (request, reply, payload) => {
      const key = request.idempotencyKey;
      if (key === undefined) return payload;
      const body = typeof payload === 'string' ? payload : '';
      // What has failed here, and what cannot be kept, may be tried again.
      if (reply.statusCode >= 500 || body.length > MAX_KEPT_CHARACTERS) this.#kept.delete(key);
      else {
        const contentType = String(reply.getHeader('content-type') ?? '');
        const answer = { status: reply.statusCode, contentType, body };
        this.#keep(key, { fingerprint: fingerprintOf(request), at: this.#clock.now(), answer });
      }
      return payload;
    });
  }

  #known(key: string): Kept | null {
    const known = this.#kept.get(key);
    return known !== undefined && this.#clock.now() - known.at < KEEP_MS ? known : null;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    dropOldest(this.#kept, MAX_KEYS);
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set while its answer is awaited. */
    idempotencyKey?: string;
  }
}

/** Each caller has keys of his own. Null where there is none. */
function keyOf({ method, headers, caller }: FastifyRequest): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined || method === 'GET' || method === 'HEAD') return null;
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY_CHARACTERS) return `${caller.name}\n${key}`;
  throw new Refusal('malformed', `Idempotency-Key: it has 1 to ${MAX_KEY_CHARACTERS} characters`);
}

function fingerprintOf({ method, url, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(`${method} ${url}\n${JSON.stringify(body ?? null)}`)
    .digest('base64');
}
