import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { notifierTypes } from '../../src/notifications/registry.ts';
import { systemClock } from '../../src/system/clock.ts';
import { HttpReceiver, MailReceiver, type ReceivedRequest } from '../support/receivers.ts';
import { describeNotifierConformance, type NotifierHarness } from './notifier.ts';

const SECRET_PATH = '/services/T0AAAA/B0BBBB/s3cretToken';
const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const TOKEN = 'tk_s3cretAccess';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-notifier-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), `${text}\n`);
  return folder;
}

function create(type: string, folder: string, words: object) {
  const known = notifierTypes.get(type) ?? expect.fail(`there is no type ${type}`);
  return known.create({ settings: known.settingsSchema(folder).parse(words), clock: systemClock });
}

/** Over HTTP: `read` gives the text that people read in a request, or null where the real receiver would refuse it. */
function overHttp(type: string, read: (request: ReceivedRequest) => string | null, words: object = {}) {
  return async (): Promise<NotifierHarness> => {
    const receiver = await HttpReceiver.open();
    const files = { url: receiver.url(SECRET_PATH), secret: SIGNING_SECRET, token: TOKEN };
    const folder = await folderWith(files);
    const taken: string[] = [];
    const take = (request: ReceivedRequest) => {
      const text = read(request);
      if (text === null) return { status: 400, body: 'too long' };
      taken.push(text);
      return { status: 200, body: 'ok' };
    };
    receiver.answer = take;
    const echo = (request: ReceivedRequest) => JSON.stringify([files.url, request]);
    return {
      notifier: create(type, folder, { url: { file: 'url' }, ...words }),
      texts: async () => taken,
      become: async (how) => {
        receiver.answer = (request) => {
          if (how === 'hanging') return 'hang';
          if (how === 'taking') return take(request);
          return { status: how === 'refusing' ? 400 : 503, body: echo(request) };
        };
      },
      secrets: ['s3cretToken', 'T0AAAA', SIGNING_SECRET, SIGNING_SECRET.slice('whsec_'.length), TOKEN],
      close: async () => {
        await receiver.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}

const json = ({ body }: ReceivedRequest) => JSON.parse(body);

describeNotifierConformance(
  'webhook',
  overHttp(
    'webhook',
    (request) =>
      json(request)
        .data.activities.map(({ message }: { message: string }) => message)
        .join('\n'),
    {
      secret: { file: 'secret' },
    },
  ),
);

describeNotifierConformance(
  'slack',
  overHttp('slack', (request) => {
    const { text, attachments } = json(request);
    const whole = [text, attachments[0].text].join('\n');
    // Slack cuts after 40,000 characters, and takes these three for its own.
    expect(whole).not.toMatch(/[<>]/);
    if (whole.length > 40_000) return null;
    return whole.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  }),
);

describeNotifierConformance(
  'discord',
  overHttp('discord', (request) => {
    const { embeds, allowed_mentions } = json(request);
    const [{ title, description }] = embeds;
    expect(allowed_mentions).toEqual({ parse: [] });
    if (title.length > 256 || description.length > 4_096) return null;
    return `${title}\n${description}`.replaceAll(/\\([\\*_~`|>#[\]@])/g, '$1');
  }),
);

describeNotifierConformance(
  'teams',
  overHttp('teams', (request) => {
    if (Buffer.byteLength(request.body) > 28 * 1_024) return null;
    const { type, attachments } = json(request);
    expect(type).toBe('message');
    const { body } = attachments[0].content;
    return body.map((block: { inlines: { text: string }[] }) => block.inlines[0]?.text).join('\n');
  }),
);

describeNotifierConformance(
  'ntfy',
  overHttp(
    'ntfy',
    (request) => {
      const { topic, title, message, priority } = json(request);
      expect({ path: request.path, topic, priority }).toEqual({
        path: '/services/T0AAAA/B0BBBB/',
        topic: 's3cretToken',
        priority: 5,
      });
      expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`);
      return Buffer.byteLength(message) > 4_096 ? null : `${title}\n${message}`;
    },
    { token: { file: 'token' } },
  ),
);

/** As a reader of mail shows it. */
function decoded(mail: string): string {
  const [, body = ''] = mail.split(/\r\n\r\n(.*)/s);
  const head = mail.split('\r\n\r\n')[0] ?? '';
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/transfer-encoding: quoted-printable/i.test(head)) return body.replaceAll('\r\n', '\n');
  const bytes = body
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString().replaceAll('\r\n', '\n');
}

describeNotifierConformance('email', async () => {
  const receiver = await MailReceiver.open();
  const words = {
    host: '127.0.0.1',
    port: receiver.port,
    encryption: 'none',
    from: 'drover@shop.example',
    to: ['ops@shop.example'],
  };
  return {
    notifier: create('email', '/', words),
    texts: async () => receiver.received.map(({ text }) => decoded(text)),
    become: async (how) => {
      receiver.isHanging = how === 'hanging';
      receiver.refusal =
        how === 'refusing'
          ? { code: 554, message: 'spam' }
          : how === 'failing'
            ? { code: 451, message: 'try later' }
            : null;
    },
    secrets: [],
    close: () => receiver.close(),
  };
});

describeNotifierConformance('exec', async () => {
  const folder = await folderWith({ how: 'taking' });
  const script = `
    case $(cat how) in
      taking) cat >> taken; echo >> taken ;;
      refusing) cat >&2; exit 1 ;;
      failing) echo no >&2; exit 75 ;;
      hanging) exec sleep 60 ;;
    esac`;
  await writeFile(join(folder, 'hook'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return {
    notifier: create('exec', folder, { command: ['./hook'] }),
    texts: async () =>
      (await readFile(join(folder, 'taken'), 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) =>
          JSON.parse(line)
            .data.activities.map(({ message }: { message: string }) => message)
            .join('\n'),
        ),
    become: async (how) => writeFile(join(folder, 'how'), how),
    secrets: [],
    close: () => rm(folder, { recursive: true }),
  };
});
