import { createClient, type RedisClientType } from '@redis/client';
import { z } from 'zod';
import { secretFromFile } from '../secrets.ts';
import { optional, pathSchema, textSchema, urlSchema } from '../settings.ts';
import { type Look, Missing } from '../source.ts';
import { reasonOf } from '../text.ts';

export function redisSchema(baseDir: string) {
  return z
    .strictObject({
      kind: z.literal('redis').describe('A list or a stream of Redis, or of what speaks its protocol.'),
      url: urlSchema('redis:', 'rediss:').describe('Where Redis is: redis://127.0.0.1:6379, or .../2 for database 2.'),
      key: textSchema.describe('The key of the list or stream.'),
      type: z.enum(['list', 'stream']).default('list').describe('What the key holds.'),
      consumerGroup: optional(textSchema).describe(
        'For a stream: count only what this group has not acknowledged yet. Without it all entries count.',
      ),
      user: optional(textSchema).describe('The ACL user, where it is not the default one.'),
      passwordFile: optional(pathSchema(baseDir)).describe(
        'A file that holds the password; relative to the fleet file. Without one no password is sent.',
      ),
    })
    .refine(({ type, consumerGroup }) => type === 'stream' || consumerGroup === null, {
      error: 'only a stream has consumer groups',
      path: ['consumerGroup'],
    });
}
export type RedisSettings = z.infer<ReturnType<typeof redisSchema>>;

type Client = RedisClientType<Record<never, never>, Record<never, never>, Record<never, never>, 2>;

/** Asks once, on a connection of its own: nothing stays open between two readings. */
export function redisDepth(settings: RedisSettings): Look {
  return async (signal) => {
    const password = settings.passwordFile === null ? null : await secretFromFile(settings.passwordFile);
    const over = new AbortController();
    const client = clientOf(settings, password, AbortSignal.any([signal, over.signal]));
    try {
      await client.connect();
      return { value: await depth(client, settings) };
    } catch (error) {
      if (error instanceof Missing) throw error;
      throw new Missing('failed', `Redis at ${new URL(settings.url).host} does not tell: ${reasonOf(error)}`);
    } finally {
      if (client.isOpen) client.destroy();
      over.abort();
    }
  };
}

function clientOf({ url, user }: RedisSettings, password: string | null, signal: AbortSignal): Client {
  const client: Client = createClient({
    url,
    RESP: 2,
    ...(user !== null && { username: user }),
    ...(password !== null && { password }),
    // The client's own `destroy` leaves a socket alone that is not connected yet.
    socket: { reconnectStrategy: false, signal },
    disableOfflineQueue: true,
    disableClientInfo: true,
  });
  // What goes wrong is told by the call that it happens to; an error nobody listens to would end the process.
  client.on('error', () => {});
  return client;
}

/** What is not there is empty for Redis itself: it removes a list with its last entry. */
async function depth(client: Client, { key, type, consumerGroup }: RedisSettings): Promise<number> {
  if (type === 'list') return await client.lLen(key);
  if (consumerGroup === null) return await client.xLen(key);
  const groups = await client.xInfoGroups(key);
  const group = groups.find(({ name }) => name === consumerGroup);
  if (group === undefined) throw new Missing('absent', `the stream ${key} has no consumer group ${consumerGroup}`);
  // Null, and absent before Redis 7, where it cannot be told because entries in between were deleted.
  if (typeof group.lag !== 'number') {
    throw new Missing(
      'empty',
      `Redis does not know how far ${consumerGroup} is behind: entries were deleted, or it is older than 7`,
    );
  }
  return group.pending + group.lag;
}
