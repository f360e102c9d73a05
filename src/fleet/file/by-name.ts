import { z } from 'zod';
import { MAX_GROUPS_PER_KIND, nameSchema } from '../../settings/fields.ts';

/** What stands under its name in the file. */
export type Unnamed<T extends { readonly name: string }> = Omit<T, 'name'>;

export function byName<T extends z.ZodType>(schema: T) {
  return z.record(nameSchema, schema).refine((groups) => Object.keys(groups).length <= MAX_GROUPS_PER_KIND, {
    error: `there may be at most ${MAX_GROUPS_PER_KIND}`,
  });
}

/** In the order of the file. */
export function named<T extends object>(groups: Record<string, T>): (T & { readonly name: string })[] {
  return Object.entries(groups).map(([name, group]) => ({ name, ...group }));
}
