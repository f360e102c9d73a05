import { z } from 'zod';
import type { JsonObject } from '../model/json.ts';
import { PortError } from './errors.ts';

/**
 * Settings as they come back from the records: a schema of the fleet file has made them, and this one takes them exactly.
 * @throws PortError `Invalid` when they are not what the schema gives
 */
export function readExactly<T>(schema: z.ZodType<T>, settings: JsonObject): T {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  throw new PortError('Invalid', 'settings', z.prettifyError(result.error));
}
