import { z } from 'zod';
import type { ActivityLevel } from '../model/activity.ts';
import { PortError } from '../ports/errors.ts';
import { secretSchema, secretSettings } from '../settings/secret.ts';
import { bytesOf, fitted } from './fitted.ts';
import { post } from './http.ts';
import { notifierType } from './notifier-type.ts';
import { readSecret, readUrl } from './secret.ts';

const settings = z.strictObject({ url: secretSettings, token: secretSettings.nullable() });

/** A longer message (4,096 bytes) becomes an attachment, which nobody reads on a lock screen. */
const MAX_TEXT_BYTES = 3_800;

/** From 1 to 5; 3 is the usual one. */
const PRIORITIES: Readonly<Record<ActivityLevel, number>> = { info: 3, warning: 4, error: 5 };

/** ntfy (https://ntfy.sh), of the public server or of one's own. */
export const ntfyNotifier = notifierType({
  name: 'ntfy',
  takes: 'summary',
  schema: (baseDir) =>
    z
      .strictObject({
        url: secretSchema(baseDir).describe('Where the address of the topic is: https://ntfy.sh/TOPIC.'),
        token: secretSchema(baseDir).optional().describe('Where the access token is, if the topic needs one.'),
      })
      .transform(({ url, token }) => ({ url, token: token ?? null })),
  settings,
  create: ({ url, token }, clock) => ({
    deliver: async ({ title, lines, level }, signal) => {
      const address = await readUrl(url);
      const topic = address.pathname.split('/').at(-1) ?? '';
      if (topic === '') throw new PortError('Unauthorized', 'url', 'the address names no topic: https://ntfy.sh/TOPIC');
      // As JSON, to the server itself: a header would take ASCII alone.
      const server = new URL('.', address);
      const secret = token === null ? null : await readSecret(token);
      const body = JSON.stringify({
        topic,
        title,
        message: fitted(lines, MAX_TEXT_BYTES, { sizeOf: bytesOf }),
        priority: PRIORITIES[level],
      });
      const headers = secret === null ? {} : { authorization: `Bearer ${secret}` };
      await post(
        { url: server, headers, body, secrets: [topic, ...(secret === null ? [] : [secret])] },
        () => clock.now(),
        signal,
      );
    },
  }),
});
