import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { LogLine, LogsOf } from '../../control/service.ts';
import type { Clock } from '../../ports/clock.ts';
import { operation } from '../operation.ts';
import { groupParams, instanceParams, logsQuery } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import type { ZodTypes } from '../zod-types.ts';

/** A connection on which nothing moves is closed; so often a quiet one gets an empty line. */
const EMPTY_LINE_EVERY_MS = 10_000;

const answers = {
  200: z
    .string()
    .describe(
      '`application/x-ndjson`: a line is `{"instance", "text"}`, or `{"instance", "failure"}`; empty ones mean nothing.',
    ),
};
const about = { role: 'operator', refusals: ['notFound', 'conflict'] } as const;

/** What servers print is their own affair: it may hold what a viewer is not to see. */
export function logRoutes(plugin: FastifyInstance, { service, clock }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  const answer = (of: LogsOf, { lines, follow }: z.output<typeof logsQuery>, reply: FastifyReply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const logs = service.logs(of, { lines, follow: follow === 'true' }, gone.signal);
    const stream = Readable.from(inLines(logs, clock), { objectMode: false });
    return reply.type('application/x-ndjson').header('cache-control', 'no-store').send(stream);
  };

  app.get(
    '/instances/:id/logs',
    operation(
      {
        ...about,
        tag: 'instances',
        scope: 'instance',
        id: 'getInstanceLogs',
        summary: 'What an instance prints, where its provider gives that',
      },
      { params: instanceParams, querystring: logsQuery },
      answers,
    ),
    (request, reply) => answer({ instance: request.params.id }, request.query, reply),
  );

  app.get(
    '/groups/:group/logs',
    operation(
      {
        ...about,
        tag: 'groups',
        scope: 'group',
        id: 'getGroupLogs',
        summary: 'What the instances of a group print, up to a hundred of them',
      },
      { params: groupParams, querystring: logsQuery },
      answers,
    ),
    (request, reply) => answer({ group: request.params.group }, request.query, reply),
  );
}

/** As fast as it is read: a line for each, and an empty one where none has come for a while. */
async function* inLines(logs: AsyncIterable<LogLine>, clock: Clock): AsyncGenerator<string> {
  const lines = logs[Symbol.asyncIterator]();
  let next = lines.next();
  try {
    for (;;) {
      const waited = new AbortController();
      const quiet = clock.sleep(EMPTY_LINE_EVERY_MS, waited.signal).then(() => null);
      const result = await Promise.race([next, quiet]);
      waited.abort();
      if (result?.done === true) return;
      yield result === null ? '\n' : `${JSON.stringify(result.value)}\n`;
      if (result !== null) next = lines.next();
    }
  } finally {
    // Not waited for: what waits for its next line ends with its signal.
    void lines.return?.();
  }
}
