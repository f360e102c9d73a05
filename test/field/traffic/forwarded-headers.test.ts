import { afterEach, beforeEach, expect, it } from 'vitest';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { ask } from '../../support/request.ts';
import { requires } from '../../support/requires.ts';

const CLIENT = '127.0.0.1';
const PROXY = '127.0.0.2';
const SAID = [
  ...['X-Forwarded-For', '203.0.113.7', 'X-Forwarded-For', '198.51.100.1', 'X-Forwarded-Proto', 'https'],
  ...[
    'X-Forwarded-Port',
    '443',
    'X-Forwarded-Host',
    'shop.example',
    'X-Real-IP',
    '203.0.113.7',
    'Forwarded',
    'for=203.0.113.7',
  ],
];
const MISSPELT = [
  'X_Forwarded_Proto',
  'https',
  'X-Forwarded_Proto',
  'https',
  'X_Forwarded-For',
  '203.0.113.7',
  'X_Real_IP',
  '::1',
  // A CGI server writes every character but letters and digits as _.
  ...['X.Forwarded.For', '9', 'X-Forwarded.For', '9', 'X~Forwarded|Proto', 'https', 'X!Real+IP', '::1'],
];

let world: HaproxyWorld;
requires('haproxy')('X-Forwarded-* headers', () => {
  beforeEach(async () => {
    world = await HaproxyWorld.make();
  });
  afterEach(() => world.end());

  it.each([
    { who: 'anybody', from: CLIENT, trustedProxies: [] },
    { who: 'anybody but the trusted proxies', from: CLIENT, trustedProxies: [`${PROXY}/32`] },
  ])('what $who says of the client is taken out, in every line and spelling', async ({ from, trustedProxies }) => {
    await serve(trustedProxies);
    expect(await headersOf(from, [...SAID, ...MISSPELT])).toEqual([
      `x-forwarded-for: ${from}`,
      `x-forwarded-port: ${world.port}`,
      'x-forwarded-proto: http',
    ]);
  });

  it('a header of the application that only begins alike is passed on', async () => {
    await serve([]);
    expect(await headersOf(CLIENT, ['X-Realm', 'shop', 'X-Forwardedness', '1'], /realm|ness/)).toEqual([
      'x-forwardedness: 1',
      'x-realm: shop',
    ]);
  });

  it('what a trusted proxy says of the client is kept', async () => {
    await serve(['10.0.0.0/8', `${PROXY}/32`, 'fd00::/8']);
    expect(await headersOf(PROXY, [...SAID, ...MISSPELT])).toEqual([
      'forwarded: for=203.0.113.7',
      'x-forwarded-for: 203.0.113.7',
      'x-forwarded-for: 198.51.100.1',
      `x-forwarded-for: ${PROXY}`,
      'x-forwarded-host: shop.example',
      'x-forwarded-port: 443',
      'x-forwarded-proto: https',
      'x-real-ip: 203.0.113.7',
    ]);
  });

  it.each([
    { who: 'anybody', trustedProxies: [] },
    { who: 'a trusted proxy', trustedProxies: [CLIENT] },
  ])('a server that is a proxy is not told by $who to take out what Drover says', async ({ trustedProxies }) => {
    await serve(trustedProxies);
    const named = ['Connection', 'x-forwarded-FOR , X-Forwarded-Proto', 'Connection', 'X-Real-IP X-Forwarded-Port'];
    expect(await headersOf(CLIENT, named, /forwarded|real|connection/)).toEqual([
      `x-forwarded-for: ${CLIENT}`,
      `x-forwarded-port: ${world.port}`,
      'x-forwarded-proto: http',
    ]);
  });

  it('what else a client says of its connection is passed on', async () => {
    await serve([]);
    expect(await headersOf(CLIENT, ['Connection', 'TE', 'TE', 'trailers'], /connection/)).toEqual(['connection: TE']);
    const upgrade = ['Connection', 'Upgrade, X-Forwarded-For', 'Upgrade', 'none'];
    expect(await headersOf(CLIENT, upgrade, /connection/)).toEqual(['connection: upgrade']);
  });

  it('what a trusted proxy leaves open is added, and never one half of it', async () => {
    await serve([PROXY]);
    expect(await headersOf(PROXY, [])).toEqual([
      `x-forwarded-for: ${PROXY}`,
      `x-forwarded-port: ${world.port}`,
      'x-forwarded-proto: http',
    ]);
    expect(await headersOf(PROXY, ['X-Forwarded-Proto', 'https'])).toEqual([
      `x-forwarded-for: ${PROXY}`,
      'x-forwarded-proto: https',
    ]);
  });
});

async function serve(trustedProxies: readonly string[]): Promise<void> {
  const server = await world.server('a');
  const listeners = [{ address: '127.0.0.1', port: world.port, targetGroup: 'hello', trustedProxies }];
  await world.apply(world.state([server.member()], {}, { listeners }));
  await world.untilHealth('a', 'healthy');
}

/** Those that say who the client is, as the server gets them. */
async function headersOf(
  from: string,
  headers: readonly string[],
  names = /forwarded|real/,
): Promise<readonly string[]> {
  const { body } = await ask({ port: world.port, path: '/headers', headers, from });
  const raw = JSON.parse(body) as string[];
  const lines = raw.flatMap((name, index) => (index % 2 === 0 ? [`${name.toLowerCase()}: ${raw[index + 1]}`] : []));
  // The order of lines with the same name has a meaning; that of others has none.
  const nameOf = (line: string): string => line.split(':')[0] ?? '';
  const told = lines.filter((line) => names.test(nameOf(line)));
  return told.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}
