import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** An error as EC2 answers it. */
export class Ec2Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [key: string]: XmlValue };

/** A value in EC2's XML: lists are elements `item`. */
export function xml(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `<${name}>${value.map((item) => xml('item', item)).join('')}</${name}>`;
  if (typeof value !== 'object') return `<${name}>${escaped(String(value))}</${name}>`;
  return `<${name}>${Object.entries(value)
    .map(([key, inside]) => xml(key, inside as XmlValue))
    .join('')}</${name}>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Parameters of the query protocol. */
export class Query {
  readonly #values: URLSearchParams;

  constructor(body: string) {
    this.#values = new URLSearchParams(body);
  }

  get(name: string): string | undefined {
    return this.#values.get(name) ?? undefined;
  }

  /** `prefix.1`, `prefix.2`, ... */
  list(prefix: string): string[] {
    return this.#numbers(prefix).flatMap((number) => this.get(`${prefix}.${number}`) ?? []);
  }

  /** The parameters below `prefix.1.`, `prefix.2.`, ..., each as a query of its own. */
  structures(prefix: string): Query[] {
    return this.#numbers(prefix).map((number) => {
      const start = `${prefix}.${number}.`;
      const inside = new URLSearchParams();
      for (const [key, value] of this.#values) {
        if (key.startsWith(start)) inside.append(key.slice(start.length), value);
      }
      return new Query(inside.toString());
    });
  }

  /** What two requests with the same client token are compared by. */
  digest(): string {
    const asked = [...this.#values].filter(([key]) => key !== 'ClientToken').sort(([a], [b]) => (a < b ? -1 : 1));
    return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
  }

  /** @throws Ec2Refusal for a parameter that the action does not have */
  expectOnly(known: readonly string[]): void {
    for (const key of this.#values.keys()) {
      const [head = ''] = key.split('.');
      if (!['Action', 'Version', ...known].includes(head)) {
        throw new Ec2Refusal('UnknownParameter', `The parameter ${head} is not recognized`);
      }
    }
  }

  #numbers(prefix: string): number[] {
    const start = `${prefix}.`;
    const numbers = [...this.#values.keys()]
      .filter((key) => key.startsWith(start))
      .map((key) => Number(key.slice(start.length).split('.')[0]));
    return [...new Set(numbers)].sort((a, b) => a - b);
  }
}

/** Checks the signature of a request (AWS Signature Version 4). @throws Ec2Refusal */
export function checkSignature(request: IncomingMessage, body: string, keys: ReadonlyMap<string, string>): void {
  const header = request.headers.authorization ?? '';
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
      header,
    );
  if (match === null)
    throw new Ec2Refusal('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  const [, id = '', date = '', region = '', service = '', signedHeaders = '', signature] = match;
  const secret = keys.get(id);
  if (secret === undefined) {
    throw new Ec2Refusal('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
  }
  const headers = signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`);
  const url = new URL(request.url ?? '/', 'http://ec2');
  const canonical = [
    request.method,
    url.pathname,
    url.searchParams.toString(),
    headers.join(''),
    signedHeaders,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hash].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (last, part) => createHmac('sha256', last).update(part).digest(),
    `AWS4${secret}`,
  );
  if (createHmac('sha256', key).update(text).digest('hex') !== signature) {
    const message = 'The request signature we calculated does not match the signature you provided';
    throw new Ec2Refusal('SignatureDoesNotMatch', message, 403);
  }
}
