import { z } from 'zod';
import { PortError } from '../ports/errors.ts';
import { secretSchema, secretSettings } from '../settings/secret.ts';
import { post } from './http.ts';
import { notifierType } from './notifier-type.ts';
import { payloadOf } from './payload.ts';
import { readSecret, readUrl } from './secret.ts';

const settings = z.strictObject({ url: secretSettings, secret: secretSettings });

function schema(baseDir: string) {
  return z.strictObject({
    url: secretSchema(baseDir).describe('Where the address of the receiver is, which is a secret itself.'),
    secret: secretSchema(baseDir).describe(
      'Where the secret is that messages are signed with: whsec_ and 24 to 64 bytes in base64; several, separated by a space, while one is replaced by another.',
    ),
  });
}

/** Any program that takes webhooks by the Standard Webhooks specification (https://www.standardwebhooks.com), version 1. */
export const webhookNotifier = notifierType({
  name: 'webhook',
  takes: 'all',
  schema,
  settings,
  create: ({ url, secret }, clock) => ({
    deliver: async (message, signal) => {
      const [address, text] = [await readUrl(url), await readSecret(secret)];
      const secrets = text.split(/ +/);
      const body = payloadOf(message);
      const sentAt = new Date(clock.now());
      const headers = {
        'webhook-id': message.id,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
        'webhook-signature': await signatures(secrets, { id: message.id, sentAt, body }),
      };
      await post({ url: address, headers, body, secrets }, () => clock.now(), signal);
    },
  }),
});

const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

/** One by each secret: the receiver takes any that it knows. */
async function signatures(
  secrets: readonly string[],
  { id, sentAt, body }: { readonly id: string; readonly sentAt: Date; readonly body: string },
): Promise<string> {
  const { Webhook } = await import('standardwebhooks');
  return secrets
    .map((secret) => {
      checkKey(secret.replace(/^whsec_/, ''));
      return new Webhook(secret).sign(id, sentAt, body);
    })
    .join(' ');
}

/** Before the library, whose complaints say less. */
function checkKey(key: string): void {
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(key) && key.length % 4 === 0 ? Buffer.from(key, 'base64').length : 0;
  if (bytes >= MIN_KEY_BYTES && bytes <= MAX_KEY_BYTES) return;
  const how = `make one with: echo whsec_$(openssl rand -base64 32)`;
  throw new PortError(
    'Unauthorized',
    'secret',
    `the signing secret is not ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes in base64; ${how}`,
  );
}
