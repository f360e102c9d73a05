import type { Check } from './report.ts';

const WORDS: ReadonlyMap<string, string> = new Map([
  // HAProxy judges by what becomes of requests, beside the checks.
  ['HANA', 'connections for requests fail'],
  ['SOCKERR', 'could not be asked'],
  ['L4TOUT', 'no connection in time'],
  ['L4CON', 'cannot connect'],
  ['L6TOUT', 'no TLS in time'],
  ['L6RSP', 'no valid TLS'],
  ['L7TOUT', 'no answer in time'],
  ['L7RSP', 'no valid HTTP answer'],
]);

/** What a check that failed came to, with HAProxy's code behind it: `answered 503 (L7STS)`, `connection refused (L4CON)`. */
export function failureInWords({ status, code, detail }: Check): string {
  if (status === 'L7STS' && code !== '') return `answered ${code} (${status})`;
  // What the system says about the connection is more exact than the code.
  const words = status === 'L4CON' && detail !== '' ? detail.toLowerCase() : WORDS.get(status);
  return words === undefined ? [status, detail].filter((text) => text !== '').join(': ') : `${words} (${status})`;
}
