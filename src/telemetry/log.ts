import type { Logger } from 'pino';
import type { Activity } from '../model/activity.ts';
import { asPortError } from '../ports/errors.ts';
import type { Work } from '../ports/telemetry.ts';
import type { Span } from './span.ts';
import type { EndedWork, Sink } from './telemetry.ts';

const LEVELS = { info: 'info', warning: 'warn', error: 'error' } as const satisfies Record<Activity['level'], string>;

/**
 * Drover's log of its work: a line for each activity and for each operation; at level `debug` also for each call of a provider or a load balancer.
 * Lines of one story share a `trace_id`: the decision's activities, the operations that it called for, and their calls.
 */
export function logOf(log: Logger): Sink {
  /** By provider: what a list that fails again and again has been said to fail with. */
  const listFailures = new Map<string, string>();

  const isNews = ({ work, error }: EndedWork & { readonly work: { readonly kind: 'providerCall' } }): boolean => {
    if (work.call !== 'list') return true;
    const message = error === undefined ? '' : asPortError(error).message;
    const before = listFailures.get(work.provider) ?? '';
    listFailures.set(work.provider, message);
    return message !== before;
  };

  const write = (level: 'debug' | 'info' | 'warn', ended: EndedWork, what: string, fields: object): void => {
    if (!log.isLevelEnabled(level)) return;
    const { span, durationMs, outcome, error } = ended;
    const why = error === undefined ? '' : `: ${asPortError(error).message}`;
    const all = { ...idsOf(span), ...fields, outcome, duration_ms: Math.round(durationMs * 1_000) / 1_000 };
    log[level](all, `${what}: ${outcome}${why}`);
  };

  return {
    ended: (ended) => {
      const { work, span, outcome } = ended;
      switch (work.kind) {
        case 'commit':
          if (outcome === 'ok') for (const activity of work.activities) logActivity(log, activity, span);
          return;
        case 'operation': {
          const { operation, provider, group, instanceId } = work;
          const level = outcome === 'ok' || outcome === 'aborted' ? 'info' : 'warn';
          write(level, ended, `${operation} of ${instanceId}`, { operation, provider, group, instance: instanceId });
          return;
        }
        case 'providerCall': {
          const { call, provider, type, about } = work;
          const isFailure = isNews({ ...ended, work }) && !isExpected(work, outcome);
          const fields = { call, provider, type, ...(about === null ? {} : { about }) };
          write(isFailure ? 'warn' : 'debug', ended, `call ${call} of provider ${provider}`, fields);
          return;
        }
        case 'loadBalancerCall':
          // What is wrong with it is an activity.
          write('debug', ended, `${work.call} of load balancer ${work.loadBalancer}`, {
            call: work.call,
            load_balancer: work.loadBalancer,
          });
          return;
        case 'check':
          return;
      }
    },
    counted: (event) => {
      if (event.kind !== 'apiRequest' || !log.isLevelEnabled('debug')) return;
      const { method, route, status, durationMs } = event;
      log.debug({ method, route, status, duration_ms: Math.round(durationMs * 1_000) / 1_000 }, 'request of the API');
    },
  };
}

function isExpected({ call }: Extract<Work, { kind: 'providerCall' }>, outcome: EndedWork['outcome']): boolean {
  return outcome === 'ok' || outcome === 'aborted' || (call === 'terminate' && outcome === 'notFound');
}

function logActivity(log: Logger, { group, instanceId, level, reason, message }: Activity, span: Span): void {
  const about = {
    ...(group === null ? {} : { group }),
    ...(instanceId === null ? {} : { instance: instanceId }),
  };
  log[LEVELS[level]]({ ...idsOf(span), ...about, reason }, message);
}

/** By the names that log collectors look for. */
function idsOf(span: Span): object {
  const { trace, id, parent } = span.ids();
  return { trace_id: trace, span_id: id, ...(parent === null ? {} : { parent_id: parent }) };
}
