import type { Decision } from '../decide/draft.ts';
import type { Snapshot } from '../decide/snapshot.ts';

/** What a decision changes that nothing had announced, for the log. */
export function describe({ activities, changed, memory }: Decision, { memory: before }: Snapshot): string {
  const keys = Object.keys(memory).filter((key) => Reflect.get(memory, key) !== Reflect.get(before, key));
  const parts = [
    ...activities.map(({ reason }) => reason),
    ...changed.map(({ id, state }) => `${id} ${state.name}`),
    ...keys.map((key) => `memory of ${key}`),
  ];
  return parts.join(', ');
}
