/**
 * The values that a fleet file is made of. Names, addresses, paths and matchers end up in HAProxy's configuration, in file
 * names and in machines' tags, so each is held to the few characters that are safe in all of them.
 */

import { isIP, SocketAddress } from 'node:net';
import { z } from 'zod';
import { shown } from './public.ts';

export const MAX_GROUPS_PER_KIND = 256;
export const MAX_LISTENERS_PER_LOAD_BALANCER = 64;
export const MAX_TRUSTED_PROXIES = 256;
/** The most servers that one group may have. */
export const MAX_GROUP_SIZE = 5_000;
/** The most active servers that HAProxy's `roundrobin` can choose from. */
export const MAX_ROUND_ROBIN_SERVERS = 4_095;
const MAX_PATH_CHARACTERS = 1_024;
/** 253 for a name, and a port. */
const MAX_HOST_CHARACTERS = 260;

/** Not a number: HAProxy's runtime API would take that for a proxy's numeric id. */
export const nameSchema = shown(z.string()).regex(/^(?!\d+$)[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}$/, {
  error: 'a name has 1 to 32 letters, digits, - and _, starts with a letter or a digit, and is not a number',
});

/** A user of the host. */
export const userNameSchema = shown(z.string()).regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/, {
  error: 'it is the name or the number of a user of this host',
});

export const portSchema = z.int().min(1).max(65_535);

/** An IPv4 address as IPv6 has it. */
const MAPPED = '::ffff:';

/** An IP address in its usual spelling, so that two spellings of one address are seen to be the same. */
export const addressSchema = shown(z.string())
  .refine((text) => isIP(text) !== 0 && !text.includes('%'), {
    error: 'it must be an IP address: 127.0.0.1 for this host only, 0.0.0.0 or :: for every interface',
  })
  .transform((text) => new SocketAddress({ address: text, family: isIP(text) === 6 ? 'ipv6' : 'ipv4' }).address)
  .transform((text) => (text.startsWith(MAPPED) && text.includes('.') ? text.slice(MAPPED.length) : text));

/** A network as `10.0.0.0/8`, or one address, which is the network of its own. */
export const networkSchema = shown(z.string()).refine(isNetwork, {
  error: 'it must be a network such as 10.0.0.0/8 or "fd00::/8", or one IP address',
});

function isNetwork(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || more.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 6 ? 128 : 32));
}

export const httpPathSchema = shown(z.string())
  .max(MAX_PATH_CHARACTERS)
  .regex(/^\/[A-Za-z0-9\-._~!&()*+,;=:@/?%]*$/, {
    error: 'it must start with / and have no spaces, quotes, #, $ or \\; write others as %20 and the like',
  });

/** What a Host header names: a host, or an IPv6 address in brackets, with a port or without. */
export const hostSchema = shown(z.string())
  .max(MAX_HOST_CHARACTERS)
  .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/, {
    error: 'it must be a host name or an IP address, with a port or without: shop.example, 127.0.0.1:8080, [::1]',
  });

const STATUS_CODES = /^[2-5]\d\d(?:-[2-5]\d\d)?(?:,[2-5]\d\d(?:-[2-5]\d\d)?){0,31}$/;

/** Status codes as HAProxy writes them. A single one is a number in YAML. */
export const matcherSchema = z
  .union([shown(z.string()), z.number()])
  .transform(String)
  .refine((text) => STATUS_CODES.test(text) && text.split(',').every(isRange), {
    error: 'it must be HTTP status codes from 200 to 599, such as 200, 200-399 or 200,204,301-302, without spaces',
  });

function isRange(text: string): boolean {
  const [low, high = low] = text.split('-');
  return Number(low) <= Number(high);
}

/** A path in the file system, not resolved. */
export const filePathSchema = shown(z.string())
  .min(1)
  .max(MAX_PATH_CHARACTERS)
  .refine((text) => !/\p{Cc}/u.test(text), { error: 'a path has no control characters' });

const MAX_HEADERS = 16;
const MAX_HEADER_VALUE_CHARACTERS = 256;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** These frame a message or belong to one connection (RFC 9110, 7.6.1): whoever sends the request sets them. */
const CONNECTION_HEADERS: readonly string[] = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** The name of a header that a request of Drover's own may carry. */
const headerNameSchema = z
  .string()
  .regex(HEADER_NAME, { error: "a header's name has letters, digits and -, at most 64", abort: true })
  .refine((name) => !CONNECTION_HEADERS.includes(name.toLowerCase()), {
    error: 'this header belongs to the connection, and the sender of the request sets it; leave it out',
  });

/** Whether text can be sent as a header's value: one line of printable ASCII; what goes beyond it each server reads differently. */
export function isHeaderValue(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

export const headerValueSchema = z
  .string()
  .max(MAX_HEADER_VALUE_CHARACTERS)
  .refine(isHeaderValue, { error: "a header's value is one line of printable ASCII characters" });

/** Headers by name. A name means the same in capital and small letters, so it may be there once only. */
export function headersSchema<T extends z.ZodType>(value: T) {
  return z
    .record(headerNameSchema, value)
    .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, { error: `there may be at most ${MAX_HEADERS}` })
    .refine((headers) => new Set(Object.keys(headers).map(lowerCase)).size === Object.keys(headers).length, {
      error: 'a header is there twice: capital and small letters make no difference in its name',
    });
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}
