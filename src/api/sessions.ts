import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import { dropOldest } from '../base/drop-oldest.ts';
import type { EpochMs } from '../model/time.ts';
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

export interface Session {
  readonly caller: Caller;
  /** Goes with each change, so that no other page can make one with this one's cookie. */
  readonly csrfToken: string;
}

/** A session as it is kept: of its secret only the digest. */
export interface KeptSession extends Session {
  readonly digest: string;
  readonly until: EpochMs;
}

/** Where sessions are kept from one controller to the next. */
export interface SessionMemory {
  load(): readonly KeptSession[];
  save(sessions: readonly KeptSession[]): void;
}

interface KeptCode {
  readonly caller: Caller;
  readonly until: EpochMs;
}

/** Who has logged in. */
export class Sessions {
  readonly #clock: Clock;
  readonly #memory: SessionMemory;
  /** By their digests. */
  readonly #codes = new Map<string, KeptCode>();
  readonly #sessions: Map<string, KeptSession>;

  constructor(clock: Clock, memory: SessionMemory) {
    this.#clock = clock;
    this.#memory = memory;
    this.#sessions = new Map(memory.load().map((session) => [session.digest, session]));
  }

  /** @returns a code that logs in once */
  code(caller: Caller): string {
    const code = secret();
    this.#codes.set(digestOf(code), { caller, until: this.#clock.now() + CODE_MS });
    dropOldest(this.#codes, MAX_CODES);
    return code;
  }

  /**
   * @param port where the browser asks: cookies are the host's, and each controller of a host has its own
   * @returns the header `Set-Cookie` of a new session
   * @throws Refusal `unauthorized`
   */
  logIn(code: string, port: Port): string {
    const digest = digestOf(code);
    const found = this.#codes.get(digest);
    this.#codes.delete(digest);
    if (found === undefined || found.until <= this.#clock.now()) {
      const message = 'This link was used already, or is older than 5 minutes: `drover dashboard` prints a new one.';
      throw new Refusal('unauthorized', message);
    }
    const cookie = secret();
    const session = { caller: found.caller, csrfToken: secret(), until: this.#clock.now() + SESSION_MS };
    const key = digestOf(cookie);
    this.#sessions.set(key, { ...session, digest: key });
    dropOldest(this.#sessions, MAX_SESSIONS);
    this.#save();
    return setCookie(port, cookie, SESSION_MS / 1_000);
  }

  /** @returns the header `Set-Cookie` that takes the cookie away */
  logOut(cookies: string | undefined, port: Port): string {
    this.#sessions.delete(digestOf(cookieIn(cookies, port)));
    this.#save();
    return setCookie(port, '', 0);
  }

  /** The session of a request's cookie. @throws Refusal `unauthorized` */
  of(cookies: string | undefined, port: Port): Session {
    const found = this.#sessions.get(digestOf(cookieIn(cookies, port)));
    if (found !== undefined && found.until > this.#clock.now()) return found;
    throw new Refusal('unauthorized', 'Log in first: `drover dashboard` on the host of the controller prints a link.');
  }

  #save(): void {
    const now = this.#clock.now();
    this.#memory.save([...this.#sessions.values()].filter(({ until }) => until > now));
  }
}

type Port = number | undefined;

/** Over TCP: whoever has a session's cookie, and for a change its token too. */
export function bySession(sessions: Sessions): Authenticate {
  return ({ method, headers, socket }) => {
    const { caller, csrfToken } = sessions.of(headers.cookie, socket.localPort);
    if (method === 'GET' || method === 'HEAD' || isSame(String(headers['x-csrf-token'] ?? ''), csrfToken))
      return caller;
    throw new Refusal('forbidden', 'The header x-csrf-token is not the one of this session: load the page again.');
  };
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(one)), Buffer.from(digestOf(other)));
}

function cookieIn(header: string | undefined, port: Port): string {
  return parseCookie(header ?? '')[nameAt(port)] ?? '';
}

function setCookie(port: Port, value: string, maxAge: number): string {
  return stringifySetCookie({ name: nameAt(port), value, maxAge, path: '/', httpOnly: true, sameSite: 'strict' });
}

function nameAt(port: Port): string {
  return `drover_session_${port ?? 0}`;
}
