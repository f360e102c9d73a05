import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { fromCursor, toCursor } from '../cursor.ts';
import { operation } from '../operation.ts';
import { activitiesQuery } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import { activitiesAnswerSchema } from '../schemas.ts';
import { seenGroups } from '../seen.ts';
import type { ZodTypes } from '../zod-types.ts';

/** In which direction a list of activities goes on, and from where. */
const activityPosition = z.strictObject({ direction: z.enum(['after', 'before']), sequence: z.number() });

export function activityRoutes(plugin: FastifyInstance, { service }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/activities',
    operation(
      {
        id: 'listActivities',
        tag: 'activities',
        summary:
          'What was done and why, the oldest first; the newest ones unless `after` is given, and `next` leads to older ones',
        role: 'viewer',
        scope: 'filtered',
        refusals: ['notFound'],
      },
      { querystring: activitiesQuery },
      { 200: activitiesAnswerSchema },
    ),
    async (request) => {
      const { group, level, limit, instance, reason, after, cursor } = request.query;
      const first = after === undefined ? null : ({ direction: 'after', sequence: after } as const);
      const position = cursor === undefined ? first : fromCursor(cursor, activityPosition);
      const isForward = position?.direction === 'after';
      const items = await service.activities({
        limit,
        ...seenGroups(request.caller),
        ...(group === undefined ? {} : { group }),
        ...(level === undefined ? {} : { level }),
        ...(instance === undefined ? {} : { instanceId: instance }),
        ...(reason === undefined ? {} : { reasons: reason }),
        ...(position === null ? {} : { [`${position.direction}Sequence`]: position.sequence }),
      });
      const edge = (isForward ? items.at(-1) : items[0])?.sequence;
      const isMore = edge !== undefined && items.length === limit;
      const direction = isForward ? 'after' : 'before';
      return { items, next: isMore ? toCursor({ direction, sequence: edge }) : null };
    },
  );
}
