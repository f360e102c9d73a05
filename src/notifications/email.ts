import { z } from 'zod';
import { oneLine, reasonOf } from '../base/quoted.ts';
import { untilAborted } from '../ports/deadline.ts';
import { PortError } from '../ports/errors.ts';
import { hostSchema, portSchema } from '../settings/fields.ts';
import { shown } from '../settings/public.ts';
import { secretSchema, secretSettings } from '../settings/secret.ts';
import { fitted } from './fitted.ts';
import { notifierType, TRY_TIMEOUT_MS } from './notifier-type.ts';
import { readSecret, withoutSecrets } from './secret.ts';

const ENCRYPTIONS = ['tls', 'startTls', 'none'] as const;
const USUAL_PORTS: Readonly<Record<(typeof ENCRYPTIONS)[number], number>> = { tls: 465, startTls: 587, none: 25 };
const MAX_RECIPIENTS = 32;
/** So much is read on a telephone, and more than enough. */
const MAX_TEXT_CHARACTERS = 20_000;
const MAX_ADDRESS_CHARACTERS = 254;

const settings = z.strictObject({
  host: z.string(),
  port: z.int(),
  encryption: z.enum(ENCRYPTIONS),
  user: z.string().nullable(),
  password: secretSettings.nullable(),
  from: z.string(),
  to: z.array(z.string()),
});

const addressSchema = shown(z.string())
  .max(MAX_ADDRESS_CHARACTERS)
  .regex(/^[^\s"<>(),;:\\[\]@\p{Cc}]+@[^\s"<>(),;:\\[\]@\p{Cc}]+$/u, {
    error: 'it must be one e-mail address alone, such as ops@example.org',
  });

function schema(baseDir: string) {
  return z
    .strictObject({
      host: hostSchema.describe('The SMTP server.'),
      port: portSchema
        .optional()
        .describe('Its port. Default: 465 with tls, 587 with startTls, 25 without encryption.'),
      encryption: z
        .enum(ENCRYPTIONS)
        .default('tls')
        .describe('tls from the first byte, startTls required before anything is sent, or none.'),
      user: shown(z.string())
        .min(1)
        .max(MAX_ADDRESS_CHARACTERS)
        .optional()
        .describe('The user to log in as; without it nobody logs in.'),
      password: secretSchema(baseDir).optional().describe('Where the password of the user is.'),
      from: addressSchema.describe('The address that messages come from.'),
      to: z.array(addressSchema).min(1).max(MAX_RECIPIENTS).describe('The addresses that they go to.'),
    })
    .refine(({ user, password }) => (user === undefined) === (password === undefined), {
      error: 'a user needs a password, and a password the user whose it is',
      path: ['user'],
    })
    .refine(({ user, encryption }) => user === undefined || encryption !== 'none', {
      error: 'a password is not sent without encryption; use tls or startTls',
      path: ['encryption'],
    })
    .transform(({ port, user, password, ...rest }) => ({
      ...rest,
      port: port ?? USUAL_PORTS[rest.encryption],
      user: user ?? null,
      password: password ?? null,
    }));
}

/** E-mail over SMTP. */
export const emailNotifier = notifierType({
  name: 'email',
  takes: 'summary',
  schema,
  settings,
  create: ({ host, port, encryption, user, password, from, to }) => {
    /** Who has a message already that others were refused for: the next try is for the others. */
    let partly: { readonly id: string; readonly accepted: readonly string[] } = { id: '', accepted: [] };
    return {
      deliver: async ({ id, title, lines, level, at, fleet }, signal) => {
        const secret = password === null ? null : await readSecret(password);
        const { createTransport } = await import('nodemailer');
        const transport = createTransport({
          host,
          port,
          secure: encryption === 'tls',
          requireTLS: encryption === 'startTls',
          ignoreTLS: encryption === 'none',
          ...(user !== null && secret !== null && { auth: { user, pass: secret } }),
          connectionTimeout: TRY_TIMEOUT_MS,
          greetingTimeout: TRY_TIMEOUT_MS,
          socketTimeout: TRY_TIMEOUT_MS,
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        const accepted = partly.id === id ? partly.accepted : [];
        const envelope = { from, to: to.filter((one) => !accepted.includes(one)) };
        const mail = {
          from: { name: `Drover (${fleet})`, address: from },
          to: [...to],
          envelope,
          subject: `${level === 'info' ? '' : `[${level}] `}${title}`,
          text: `${fitted(lines, MAX_TEXT_CHARACTERS, { separator: '\n\n' })}\n`,
          // The same in each try: many servers keep one of two alike.
          messageId: `<${id}@${from.split('@')[1]}>`,
          date: new Date(at),
          headers: { 'Auto-Submitted': 'auto-generated' },
        };
        try {
          const { accepted: taken, rejected } = await untilAborted(signal, () => transport.sendMail(mail));
          if (rejected.length === 0) return;
          partly = { id, accepted: [...accepted, ...taken.map(String)] };
          throw new PortError(
            'Invalid',
            'recipientRefused',
            `the server refuses ${rejected.map(String).join(', ')}; correct to`,
          );
        } catch (error) {
          throw smtpError(error, secret === null ? [] : [secret]);
        } finally {
          transport.close();
        }
      },
    };
  },
});

/** nodemailer's errors have a code of its own, and the server's three digits where it has answered. */
function smtpError(error: unknown, secrets: readonly string[]): PortError {
  if (error instanceof PortError) return error;
  const why = withoutSecrets(oneLine(reasonOf(error)), secrets);
  const answered =
    error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'
      ? error.responseCode
      : null;
  if (error instanceof Error && 'code' in error && error.code === 'EAUTH') {
    return new PortError(
      'Unauthorized',
      'login',
      `the server does not let the user in; correct user or password (${why})`,
    );
  }
  if (answered !== null && answered >= 500)
    return new PortError('Invalid', 'refused', `the server refuses the message: ${why}`);
  if (answered !== null) return new PortError('Transient', 'refused', `the server takes no message now: ${why}`);
  return new PortError('Transient', 'noAnswer', `the server cannot be reached, or not trusted: ${why}`);
}
