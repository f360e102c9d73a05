import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifierTypes } from '../../src/notifications/registry.ts';
import type { Notifier } from '../../src/ports/notifier.ts';
import { systemClock } from '../../src/system/clock.ts';
import { aMessage } from '../conformance/notifier.ts';
import { type Answer, HttpReceiver } from '../support/receivers.ts';

const NEVER = new AbortController().signal;
const KEYS = [Buffer.alloc(24, 1), Buffer.alloc(64, 2)];
const SECRETS = KEYS.map((key) => `whsec_${key.toString('base64')}`);

let folder: string;
let receiver: HttpReceiver;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-webhook-'));
  receiver = await HttpReceiver.open();
  await write(receiver.url('/in/s3cret?key=s3cretToo'), SECRETS.join(' '));
});
afterEach(async () => {
  await receiver.close();
  await rm(folder, { recursive: true });
});

async function write(url: string, secret: string): Promise<void> {
  await writeFile(join(folder, 'url'), `${url}\n`);
  await writeFile(join(folder, 'secret'), `${secret}\n`);
}

function webhook(): Notifier {
  const type = notifierTypes.get('webhook') ?? expect.fail('no webhooks');
  const settings = type.settingsSchema(folder).parse({ url: { file: 'url' }, secret: { file: 'secret' } });
  return type.create({ settings, clock: systemClock });
}

const failureOf = (notifier: Notifier) =>
  notifier.deliver(aMessage(), NEVER).then(
    () => expect.fail('it was taken'),
    (error: unknown) => error,
  );

describe('a webhook', () => {
  it('is signed by each secret as the specification says', async () => {
    await webhook().deliver(aMessage(), NEVER);
    const [{ headers, body, path } = expect.fail('nothing came')] = receiver.received;
    expect(path).toBe('/in/s3cret?key=s3cretToo');
    const [id, sentAt] = [headers['webhook-id'], headers['webhook-timestamp']];
    expect(id).toBe('msg_7');
    expect(Math.abs(Number(sentAt) - Date.now() / 1_000)).toBeLessThan(60);
    const signed = KEYS.map(
      (key) => `v1,${createHmac('sha256', key).update(`${id}.${sentAt}.${body}`).digest('base64')}`,
    );
    expect(headers['webhook-signature']).toBe(signed.join(' '));
    expect(JSON.parse(body)).toMatchObject({
      type: 'drover.activities',
      timestamp: '2026-11-27T03:05:07.000Z',
      data: {
        fleet: 'shop',
        destination: 'hook',
        level: 'error',
        count: 1,
        activities: [{ sequence: 1, reason: 'launchSuspended' }],
      },
    });
  });

  it.each<readonly [string, Answer, object]>([
    ['410', { status: 410 }, { reaction: 'NotFound' }],
    [
      '429 with seconds',
      { status: 429, headers: { 'retry-after': '7' } },
      { reaction: 'RateLimited', retryAfterMs: 7_000 },
    ],
    [
      '429 with a fraction',
      { status: 429, headers: { 'retry-after': '0.35' } },
      { reaction: 'RateLimited', retryAfterMs: 350 },
    ],
    ['429 without', { status: 429 }, { reaction: 'RateLimited', retryAfterMs: null }],
    [
      '503 with a date that is past',
      { status: 503, headers: { 'retry-after': 'Fri, 01 Jan 2021 00:00:00 GMT' } },
      { reaction: 'Transient', retryAfterMs: 0 },
    ],
    [
      '500',
      { status: 500, body: 'no\n\u001b[31m' },
      { reaction: 'Transient', message: 'the receiver answers HTTP 500: no [31m' },
    ],
    [
      '403',
      { status: 403, body: 'invalid_token' },
      { reaction: 'Unauthorized', message: 'the receiver answers HTTP 403: invalid_token' },
    ],
    ['400', { status: 400 }, { reaction: 'Invalid' }],
  ])('that is answered %s', async (_, answer, expected) => {
    receiver.answer = () => answer;
    expect(await failureOf(webhook())).toMatchObject(expected);
  });

  it('does not follow a redirect', async () => {
    receiver.answer = () => ({ status: 307, headers: { location: receiver.url('/elsewhere') } });
    expect(await failureOf(webhook())).toMatchObject({ reaction: 'Invalid', code: 'redirect' });
    expect(receiver.received).toHaveLength(1);
  });

  it.each([200, 500])('reads no answer without end, whatever its status: %s', async (status) => {
    const piece = 'x'.repeat(65_536);
    let sent = 0;
    receiver.answer = () => ({
      status,
      body: function* () {
        for (; sent < 10_000; sent += 1) yield piece;
      },
    });
    await webhook()
      .deliver(aMessage(), NEVER)
      .catch((error: unknown) => expect(String(error).length).toBeLessThan(500));
    expect(sent).toBeLessThan(1_000);
  });

  it('says of a receiver that cannot be reached why, and not where it is', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => void closed.listen(0, '127.0.0.1', resolve));
    const address = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    if (address === null || typeof address === 'string') throw new Error('no port');
    for (const url of [`http://127.0.0.1:${address.port}/s3cret`, 'https://s3cret-host.invalid/s3cret']) {
      await write(url, SECRETS[0] ?? '');
      const error = await failureOf(webhook());
      expect(error).toMatchObject({ reaction: 'Transient', code: 'noAnswer' });
      expect(String(error)).not.toContain('s3cret');
      expect(JSON.stringify(Object(error).cause ?? '')).not.toContain('s3cret');
    }
  });

  it.each([
    ['no URL', 'hooks/s3cret', SECRETS[0], 'holds no usable URL: write one that starts with https://'],
    ['another scheme', 'ftp://127.0.0.1/s3cret', SECRETS[0], 'it must start with https:// or http://'],
    ['a password in it', 'http://me:s3cret@127.0.0.1/', SECRETS[0], 'it has a user or a password in it'],
    [
      'a secret that is no base64',
      'http://127.0.0.1/',
      'whsec_s3cret!',
      'the signing secret is not 24 to 64 bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)',
    ],
    ['a secret that is short', 'http://127.0.0.1/', 'whsec_c3MzY3JldA==', 'the signing secret is not 24 to 64 bytes'],
    ['an empty file', '', SECRETS[0], 'cannot be read: it is empty'],
  ])('is not sent with %s, and that is said', async (_, url, secret = '', said) => {
    await write(url, secret);
    const error = await failureOf(webhook());
    expect(error).toMatchObject({ reaction: 'Unauthorized' });
    expect(String(error)).toContain(said);
    expect(String(error)).not.toContain('s3cret');
  });

  it('takes a secret that has changed with the next message', async () => {
    const notifier = webhook();
    await notifier.deliver(aMessage(), NEVER);
    await write(receiver.url('/other'), SECRETS[0] ?? '');
    await notifier.deliver(aMessage(), NEVER);
    expect(
      receiver.received.map(({ path, headers }) => [path, String(headers['webhook-signature']).split(' ').length]),
    ).toEqual([
      ['/in/s3cret?key=s3cretToo', 2],
      ['/other', 1],
    ]);
  });
});
