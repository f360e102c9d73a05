import type { Json } from '../../src/model/json.ts';
import type { Target } from './parts/history.tsx';

/** What a group's target tracking policies keep their metrics at, as the fleet's document says. */
export function targetsOf(content: Json | undefined, group: string): readonly Target[] {
  const policies = child(child(child(content, 'autoScalingGroups'), group), 'scalingPolicies');
  if (!isObject(policies)) return [];
  return Object.entries(policies).flatMap(([policy, settings]) => {
    const metric = child(settings, 'metric');
    const value = child(settings, 'targetValue');
    return typeof metric === 'string' && typeof value === 'number' ? [{ policy, metric, value }] : [];
  });
}

function child(of: Json | undefined, key: string): Json | undefined {
  return isObject(of) ? of[key] : undefined;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
