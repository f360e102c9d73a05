import type { z } from 'zod';
import type { JsonObject } from '../model/json.ts';
import type { Clock } from '../ports/clock.ts';
import type { Notifier, NotifierContext, NotifierType } from '../ports/notifier.ts';
import { readExactly } from '../ports/read-settings.ts';

/** Of one try over the network. */
export const TRY_TIMEOUT_MS = 20_000;

/**
 * One kind of destination. `schema` reads the fleet file's words; `settings` takes what came of it, exactly.
 */
export function notifierType<Settings extends JsonObject>(type: {
  readonly name: string;
  readonly takes: NotifierType['takes'];
  readonly schema: (baseDir: string) => z.ZodType<Settings>;
  readonly settings: z.ZodType<Settings>;
  readonly timeoutMs?: (settings: Settings) => number;
  readonly create: (settings: Settings, clock: Clock) => Notifier;
}): NotifierType {
  const read = (settings: JsonObject) => readExactly(type.settings, settings);
  return {
    name: type.name,
    takes: type.takes,
    timeoutMs: (settings) => type.timeoutMs?.(read(settings)) ?? TRY_TIMEOUT_MS,
    settingsSchema: type.schema,
    create: ({ settings, clock }: NotifierContext) => type.create(read(settings), clock),
  };
}
