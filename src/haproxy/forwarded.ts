/**
 * Who the client is. A proxy that the listener trusts says so in its headers; what anybody else says there is taken out, so that a
 * server may believe what it reads.
 */

/** The client's address, in a transaction's variable. */
export const CLIENT = 'var(txn.client)';
/** How many trusted proxies a request may have come through, one after the other. */
const MAX_PROXIES_IN_A_ROW = 5;

/** Header names, which HAProxy compares in lower case; it takes out every line. */
const OF_PROXIES = '^(x[^a-z0-9](forwarded|real)([^a-z0-9]|$)|forwarded$)';
/** No proxy sends these. A CGI server, which writes every character but letters and digits as `_`, would believe them. */
const MISSPELT = ['^x[^a-z0-9-](forwarded|real)', '^x-(forwarded|real).*[^a-z0-9-]'];
/** What each of these names has in it. To look for it once costs half of what it costs to try an expression on the name of every header. */
const MAY_BE_ONE = '{ req.hdr_names -m sub forwarded real }';
/** In `Connection`, they would make a server that is itself a proxy take out what is set here. */
const NAMES_OF_PROXIES = '{ req.hdr(Connection) -m sub -i forwarded x-real }';

/** The rules of a frontend that make `X-Forwarded-For`, `-Proto` and `-Port` true. HAProxy appends its own peer to the first. */
export function forwardedHeaders(trustedProxies: readonly string[]): readonly string[] {
  const isTrusted = trustedProxies.length > 0;
  const fromOthers = isTrusted ? ' !trusted' : '';
  const unlessSaid = isTrusted ? ' unless trusted { req.hdr(X-Forwarded-Proto) -m found }' : '';
  return [
    ...trustedProxies.map((network) => `acl trusted src ${network}`),
    ...(isTrusted ? MISSPELT.map((names) => `http-request del-header ${names} -m reg if ${MAY_BE_ONE}`) : []),
    `http-request del-header ${OF_PROXIES} -m reg if ${MAY_BE_ONE}${fromOthers}`,
    `http-request set-header Connection upgrade if ${NAMES_OF_PROXIES} { req.hdr(Connection) -m str -i upgrade }`,
    `http-request del-header Connection if ${NAMES_OF_PROXIES}`,
    'option forwardfor',
    // Both or none are its own: port 80 would be wrong beside a proxy's https.
    `http-request set-header X-Forwarded-Port %[dst_port]${unlessSaid}`,
    `http-request set-header X-Forwarded-Proto http${unlessSaid}`,
  ];
}

/**
 * The rules that find the client's address for a hash: the peer's, or where that is a trusted proxy the last one in
 * `X-Forwarded-For` that is none. What a proxy has written that is no address ends the search.
 */
export function clientAddress(trustedProxies: readonly string[]): readonly string[] {
  if (trustedProxies.length === 0) return ['http-request set-var(txn.client) src'];
  const hops = Array.from({ length: MAX_PROXIES_IN_A_ROW }, (_, index) => index + 1);
  return [
    'http-request set-var(txn.client) src',
    ...trustedProxies.map((network) => `acl client-is-proxy ${CLIENT} -m ip ${network}`),
    ...hops.map((hop) => {
      const entry = (last: number): string => `req.hdr_ip(X-Forwarded-For,-${last})`;
      const said = hop === 1 ? '' : ` { ${entry(hop - 1)} -m found }`;
      return `http-request set-var(txn.client) ${entry(hop)} if client-is-proxy${said}`;
    }),
  ];
}
