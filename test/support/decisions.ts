import { backoffMs, chanceOf } from '../../src/base/backoff.ts';
import type { Decision } from '../../src/decide/draft.ts';
import type { Failure } from '../../src/model/observation.ts';
import { NOW, type Server } from './snapshot.ts';

export const reasons = ({ activities }: Decision) => activities.map(({ reason }) => reason);
export const states = ({ changed }: Decision) => Object.fromEntries(changed.map(({ id, state }) => [id, state.name]));
export const holds = (decision: Decision) => decision.holds.map(({ code }) => code);

/** Servers in service, the first one the oldest. */
export const healthy = (...ids: string[]): Server[] => ids.map((id, index) => ({ id, createdAgoMs: 600_000 - index }));

export const unhealthySince = (agoMs: number) => ({
  target: 'unhealthy' as const,
  health: {
    status: 'unhealthy',
    since: NOW - agoMs,
    detail: 'connection refused (L4CON)',
  } as const,
});

export const failure = (reaction: Failure['reaction']): Failure => ({
  reaction,
  code: 'x',
  message: 'it broke',
  at: NOW,
  retryAfterMs: null,
});

/** A wait as the group's backoff makes it of the seed of these tests' snapshots. */
export const jittered = (ms: number) => backoffMs(1, { minMs: ms, maxMs: ms }, chanceOf('seed'));
