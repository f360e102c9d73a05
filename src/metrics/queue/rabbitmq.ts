import { z } from 'zod';
import { shown } from '../../settings/public.ts';
import { basic, ONE_PASSWORD, passwordFields, passwordOf } from '../access.ts';
import { get, parseJson, shownUrl, unexpectedStatus } from '../http-client.ts';
import { textSchema, urlSchema } from '../settings.ts';
import { Missing, type Read } from '../source.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export function rabbitmqSchema(baseDir: string) {
  return z
    .strictObject({
      kind: z.literal('rabbitmq').describe("A queue of RabbitMQ, through its management plugin's API."),
      url: urlSchema('http:', 'https:')
        .refine((url) => !url.includes('?'), { error: 'it is the address of the management API alone, without ?' })
        .describe('Where the management API is: http://127.0.0.1:15672.'),
      vhost: shown(textSchema).default('/').describe('The virtual host.'),
      queue: shown(textSchema).describe('The name of the queue.'),
      user: shown(textSchema).describe('A user with the tag monitoring.'),
      ...passwordFields(baseDir),
    })
    .refine(ONE_PASSWORD.holds, ONE_PASSWORD.problem);
}
export type RabbitmqSettings = z.infer<ReturnType<typeof rabbitmqSchema>>;

const queueAnswer = z.object({ messages: z.int().min(0).optional(), state: z.string().optional() });

/** Messages that wait, and those that were given to a worker and are not acknowledged yet. */
export function rabbitmqDepth({ url, vhost, queue, user, ...passwords }: RabbitmqSettings): Read {
  const path = `/api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;
  const asked = `${url.replace(/\/+$/, '')}${path}?columns=messages,state`;
  return async (signal) => {
    const authorization = basic(user, (await passwordOf(passwords)) ?? '');
    const { status, text } = await get(asked, { signal, maxBodyBytes: MAX_BODY_BYTES, headers: { authorization } });
    if (status === 401) throw new Missing('failed', `${shownUrl(url)} refuses the user ${user} or its password`);
    if (status === 404) throw new Missing('absent', `there is no queue ${queue} in the virtual host ${vhost}`);
    if (status !== 200) throw unexpectedStatus(asked, status);
    return { value: depthOf(queue, queueAnswer.safeParse(parseJson(asked, text)).data) };
  };
}

function depthOf(queue: string, answer: z.infer<typeof queueAnswer> | undefined): number {
  if (answer === undefined) throw new Missing('failed', `RabbitMQ does not answer as expected about ${queue}`);
  if (answer.state !== undefined && !['running', 'idle', 'flow'].includes(answer.state)) {
    throw new Missing('failed', `the queue ${queue} is ${answer.state}`);
  }
  if (answer.messages === undefined) {
    throw new Missing(
      'empty',
      `RabbitMQ does not say how many messages ${queue} has: it is new, or its statistics are off`,
    );
  }
  return answer.messages;
}
