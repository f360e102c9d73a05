import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import type { RouteContext } from '../route-context.ts';
import { activityRoutes } from './activities.ts';
import { controllerRoutes } from './controller.ts';
import { eventRoutes } from './events.ts';
import { fleetRoutes } from './fleet.ts';
import { groupRoutes } from './groups.ts';
import { instanceRoutes } from './instances.ts';
import { loadBalancerRoutes } from './load-balancers.ts';
import { logRoutes } from './logs.ts';
import { notificationRoutes } from './notifications.ts';
import { sessionRoutes } from './sessions.ts';

/**
 * Every route below `/v1`. `202` answers what was begun and goes on in the background; the status and the activities show how
 * it goes.
 */
export function routes(context: RouteContext): FastifyPluginCallback {
  return (plugin, _options, done) => {
    const app: FastifyInstance = plugin;
    controllerRoutes(app, context);
    fleetRoutes(app, context.service.configuration);
    groupRoutes(app, context);
    instanceRoutes(app, context);
    loadBalancerRoutes(app, context);
    activityRoutes(app, context);
    notificationRoutes(app, context);
    eventRoutes(app, context);
    logRoutes(app, context);
    sessionRoutes(app, context);
    done();
  };
}
