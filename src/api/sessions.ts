import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Clock } from '../ports/clock.ts';
import type { Authenticate, Caller } from './caller.ts';
import { Refusal } from './errors.ts';

/** How long the code of a link can be used, once. */
const CODE_MS = 5 * 60_000;
const SESSION_MS = 12 * 3_600_000;
/** Beyond them the oldest are forgotten. */
const MAX_CODES = 100;
const MAX_SESSIONS = 1_000;
const SECRET_BYTES = 32;

const COOKIE = 'drover_session';

export interface Session {
  readonly caller: Caller;
  /** Goes with each change, so that no other page can make one with this one's cookie. */
  readonly csrfToken: string;
}

interface Kept<Value> {
  readonly value: Value;
  /** By the steady clock. */
  readonly untilMs: number;
}

/**
 * Who has logged in. Secrets are kept as their digests. They are this controller's: after a restart a new link is needed.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #codes = new Map<string, Kept<Caller>>();
  readonly #sessions = new Map<string, Kept<Session>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns a code that logs in once */
  code(caller: Caller): string {
    const code = secret();
    this.#keep(this.#codes, code, caller, CODE_MS, MAX_CODES);
    return code;
  }

  /** @returns the header `Set-Cookie` of a new session @throws Refusal `unauthorized` */
  logIn(code: string): string {
    const caller = this.#find(this.#codes, code);
    this.#codes.delete(digest(code));
    if (caller === null) {
      throw new Refusal(
        'unauthorized',
        'This link was used already, or is older than 5 minutes: `drover dashboard` prints a new one.',
      );
    }
    const cookie = secret();
    this.#keep(this.#sessions, cookie, { caller, csrfToken: secret() }, SESSION_MS, MAX_SESSIONS);
    return setCookie(cookie, SESSION_MS / 1_000);
  }

  /** @returns the header `Set-Cookie` that takes the cookie away */
  logOut(header: string | undefined): string {
    this.#sessions.delete(digest(cookieIn(header)));
    return setCookie('', 0);
  }

  /** The session of a request's cookie. @throws Refusal `unauthorized` */
  of(header: string | undefined): Session {
    const found = this.#find(this.#sessions, cookieIn(header));
    if (found !== null) return found;
    throw new Refusal('unauthorized', 'Log in first: `drover dashboard` on the host of the controller prints a link.');
  }

  #keep<Value>(all: Map<string, Kept<Value>>, key: string, value: Value, forMs: number, most: number): void {
    all.set(digest(key), { value, untilMs: this.#clock.steadyMs() + forMs });
    const oldest = all.keys().next().value;
    if (all.size > most && oldest !== undefined) all.delete(oldest);
  }

  #find<Value>(all: ReadonlyMap<string, Kept<Value>>, key: string): Value | null {
    const found = all.get(digest(key));
    return found !== undefined && found.untilMs > this.#clock.steadyMs() ? found.value : null;
  }
}

/** Over TCP: whoever has a session's cookie, and for a change its token too. */
export function bySession(sessions: Sessions): Authenticate {
  return ({ method, headers }) => {
    const { caller, csrfToken } = sessions.of(headers.cookie);
    if (method === 'GET' || method === 'HEAD' || isSame(String(headers['x-csrf-token'] ?? ''), csrfToken))
      return caller;
    throw new Refusal('forbidden', 'The header x-csrf-token is not the one of this session: load the page again.');
  };
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(digest(one)), Buffer.from(digest(other)));
}

function cookieIn(header: string | undefined): string {
  return parseCookie(header ?? '')[COOKIE] ?? '';
}

function setCookie(value: string, maxAge: number): string {
  return stringifySetCookie({ name: COOKIE, value, maxAge, path: '/', httpOnly: true, sameSite: 'strict' });
}
