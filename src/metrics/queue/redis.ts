import { z } from 'zod';
import { quotedStart, reasonOf } from '../../base/quoted.ts';
import { isNetworkError } from '../../base/system-error.ts';
import { shown } from '../../settings/public.ts';
import { ONE_PASSWORD, passwordFields, passwordOf } from '../access.ts';
import { optional, textSchema, urlSchema } from '../settings.ts';
import { Missing, type Read } from '../source.ts';
import { RedisError, type RedisReply, withRedis } from './redis-connection.ts';

const TYPES = ['list', 'stream', 'set', 'sortedSet', 'hash'] as const;
/** Redis' command that counts the entries of each. */
const COUNTING = { list: 'LLEN', stream: 'XLEN', set: 'SCARD', sortedSet: 'ZCARD', hash: 'HLEN' } as const;

export function redisSchema(baseDir: string) {
  return z
    .strictObject({
      kind: z.literal('redis').describe('Work that is kept in Redis, or in what speaks its protocol.'),
      url: urlSchema('redis:', 'rediss:')
        .refine((url) => /^\/?\d{0,5}$/.test(new URL(url).pathname) && !url.includes('?'), {
          error: 'what follows the host is the number of a database, such as redis://127.0.0.1:6379/2, or nothing',
        })
        .describe('Where Redis is: redis://127.0.0.1:6379, or .../2 for database 2.'),
      key: shown(textSchema).describe('The key of what waits.'),
      type: z.enum(TYPES).default('list').describe('What the key holds.'),
      inProgressKey: optional(shown(textSchema)).describe(
        'The key that holds what workers have taken and not finished: it counts too, so that no group is scaled in under its last jobs.',
      ),
      inProgressType: z.enum(TYPES).default('list').describe('What that key holds.'),
      consumerGroup: optional(shown(textSchema)).describe(
        'For a stream: count only what this group has not acknowledged yet. Without it all entries count.',
      ),
      user: optional(shown(textSchema)).describe('The ACL user, where it is not the default one.'),
      ...passwordFields(baseDir),
    })
    .refine(ONE_PASSWORD.holds, ONE_PASSWORD.problem)
    .refine(({ type, consumerGroup }) => type === 'stream' || consumerGroup === null, {
      error: 'only a stream has consumer groups',
      path: ['consumerGroup'],
    });
}
export type RedisSettings = z.infer<ReturnType<typeof redisSchema>>;

/** Asks once, on a connection of its own: nothing stays open between two readings. */
export function redisDepth(settings: RedisSettings): Read {
  const { url, user } = settings;
  return async (signal) => {
    const password = await passwordOf(settings);
    try {
      return { value: await withRedis({ url, user, password }, signal, (ask) => depth(ask, settings)) };
    } catch (error) {
      if (!(error instanceof RedisError || isNetworkError(error))) throw error;
      throw new Missing('failed', `Redis at ${new URL(url).host} does not say: ${reasonOf(error)}`);
    }
  };
}

type Ask = (...words: readonly string[]) => Promise<RedisReply>;

/** What waits is asked for first: a job that is taken in between is counted twice then, and never not at all. */
async function depth(ask: Ask, settings: RedisSettings): Promise<number> {
  const { inProgressKey, inProgressType } = settings;
  const waiting = await waitingIn(ask, settings);
  return inProgressKey === null ? waiting : waiting + (await entriesOf(ask, inProgressKey, inProgressType));
}

/** What is not there is empty for Redis itself: it removes a list with its last entry. */
async function entriesOf(ask: Ask, key: string, type: (typeof TYPES)[number]): Promise<number> {
  return count(await ask(COUNTING[type], key));
}

async function waitingIn(ask: Ask, { key, type, consumerGroup }: RedisSettings): Promise<number> {
  if (consumerGroup === null) return entriesOf(ask, key, type);
  const group = groupsIn(await ask('XINFO', 'GROUPS', key)).find((fields) => fields.get('name') === consumerGroup);
  if (group === undefined) throw new Missing('absent', `the stream ${key} has no consumer group ${consumerGroup}`);
  // Null, and absent before Redis 7, where it is unknown because entries in between were deleted.
  const lag = group.get('lag') ?? null;
  if (lag === null) {
    throw new Missing(
      'empty',
      `Redis does not know how far ${consumerGroup} is behind: entries were deleted, or it is older than 7`,
    );
  }
  return count(group.get('pending')) + count(lag);
}

function count(reply: RedisReply | undefined): number {
  if (typeof reply === 'number' && reply >= 0) return reply;
  throw new Missing(
    'notANumber',
    `Redis answers ${quotedStart(JSON.stringify(reply ?? null))} where a number of entries belongs`,
  );
}

/** Each group as a list of names and values in turn. */
function groupsIn(reply: RedisReply): ReadonlyMap<RedisReply, RedisReply>[] {
  return listIn(reply).map((group) => {
    const fields = listIn(group);
    return new Map(
      fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] ?? null] as const] : [])),
    );
  });
}

function listIn(reply: RedisReply): readonly RedisReply[] {
  return typeof reply === 'object' && reply !== null ? reply : [];
}
