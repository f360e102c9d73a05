import { expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { FleetChange } from '../fleet/change.ts';
import type { StoredActivity } from '../model/activity.ts';
import type { Json } from '../model/json.ts';
import type { Explanation, FleetStatus, Plan } from '../views/status.ts';
import type {
  activitiesAnswerSchema,
  explanationSchema,
  fleetChangesAnswerSchema,
  fleetStatusSchema,
  planSchema,
} from './schemas.ts';

it('says the same as the model, checked by the compiler', () => {
  expectTypeOf<z.output<typeof fleetStatusSchema>>().branded.toEqualTypeOf<Mutable<FleetStatus>>();
  expectTypeOf<z.output<typeof planSchema>>().branded.toEqualTypeOf<Mutable<Plan>>();
  expectTypeOf<z.output<typeof explanationSchema>>().branded.toEqualTypeOf<Mutable<Explanation>>();
  expectTypeOf<z.output<typeof activitiesAnswerSchema>>().branded.toEqualTypeOf<{
    items: readonly Mutable<StoredActivity>[];
    next: string | null;
  }>();
  expectTypeOf<z.output<typeof fleetChangesAnswerSchema>>().branded.toEqualTypeOf<{
    changes: readonly Mutable<FleetChange>[];
  }>();
});

/** The model's objects are read-only, the schemas' are not; their lists are read-only in both. JSON is as it is. */
type Mutable<T> = T extends readonly (infer Item)[]
  ? readonly Mutable<Item>[]
  : T extends object
    ? string extends keyof T
      ? Record<string, Json>
      : { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;
