import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifierTypes } from '../../src/notifications/registry.ts';
import type { Notifier } from '../../src/ports/notifier.ts';
import { systemClock } from '../../src/system/clock.ts';
import { aMessage } from '../conformance/notifier.ts';
import { MailReceiver } from '../support/receivers.ts';

const NEVER = new AbortController().signal;
const PLAIN = {
  host: '127.0.0.1',
  encryption: 'none',
  from: 'drover@shop.example',
  to: ['a@shop.example', 'b@shop.example'],
};

let folder: string;
let receiver: MailReceiver;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-mail-'));
  await writeFile(join(folder, 'password'), 's3cret\n');
});
afterEach(async () => {
  await receiver.close();
  await rm(folder, { recursive: true });
});

function email(words: object): Notifier {
  const type = notifierTypes.get('email') ?? expect.fail('no e-mail');
  return type.create({
    settings: type.settingsSchema(folder).parse({ ...PLAIN, port: receiver.port, ...words }),
    clock: systemClock,
  });
}

describe('an e-mail', () => {
  it('is one message to all, from a program, with the same Message-ID in each try', async () => {
    receiver = await MailReceiver.open();
    const notifier = email({});
    await notifier.deliver(aMessage(), NEVER);
    await notifier.deliver(aMessage(), NEVER);
    expect(receiver.received.map(({ from, to }) => ({ from, to }))).toEqual([
      { from: PLAIN.from, to: PLAIN.to },
      { from: PLAIN.from, to: PLAIN.to },
    ]);
    for (const { text } of receiver.received) {
      expect(text).toContain('Message-ID: <msg_7@shop.example>');
      expect(text).toContain('Subject: [error] shop: launchSuspended in web');
      expect(text).toContain('Auto-Submitted: auto-generated');
    }
  });

  it('is sent again to those alone who were refused', async () => {
    receiver = await MailReceiver.open();
    receiver.refusedRecipients = ['b@shop.example'];
    const notifier = email({});
    await expect(notifier.deliver(aMessage(), NEVER)).rejects.toThrow('the server refuses b@shop.example; correct to');
    receiver.refusedRecipients = [];
    await notifier.deliver(aMessage(), NEVER);
    await notifier.deliver(aMessage({ id: 'msg_8' }), NEVER);
    expect(receiver.received.map(({ to }) => to)).toEqual([['a@shop.example'], ['b@shop.example'], PLAIN.to]);
  });

  it('has no header that a text has made', async () => {
    receiver = await MailReceiver.open();
    await email({}).deliver(
      aMessage({ title: 'shop\r\nBcc: all@shop.example', lines: ['.\r\n.\r\nRCPT TO:<x@y>'] }),
      NEVER,
    );
    const [{ to, text } = expect.fail('nothing came')] = receiver.received;
    expect(to).toEqual(PLAIN.to);
    expect(text.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/m);
  });

  it('does not go, nor does a password, to a server whose certificate nobody vouches for', async () => {
    receiver = await MailReceiver.open(true);
    receiver.login = { user: 'drover', pass: 's3cret' };
    const notifier = email({ encryption: 'startTls', user: 'drover', password: { file: 'password' } });
    await expect(notifier.deliver(aMessage(), NEVER)).rejects.toMatchObject({
      reaction: 'Transient',
      code: 'noAnswer',
    });
    expect(receiver.received).toEqual([]);
  });

  it('does not go to a server that offers no STARTTLS, where that is asked for', async () => {
    receiver = await MailReceiver.open();
    await expect(email({ encryption: 'startTls' }).deliver(aMessage(), NEVER)).rejects.toMatchObject({
      name: 'PortError',
    });
    expect(receiver.received).toEqual([]);
  });

  it.each([
    [{ user: 'drover' }, 'a user needs a password'],
    [{ user: 'drover', password: { file: 'password' } }, 'a password is not sent without encryption'],
    [{ to: ['Ops <ops@shop.example>'] }, 'it must be one e-mail address alone'],
    [{ to: ['a@b\nBcc: c@d'] }, 'it must be one e-mail address alone'],
  ])('is refused as %j', async (words, why) => {
    receiver = await MailReceiver.open();
    expect(() => email(words)).toThrow(why);
  });
});
