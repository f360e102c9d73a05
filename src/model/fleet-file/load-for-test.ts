import { z } from 'zod';
import { formatErrors } from './errors.ts';
import { type FleetFileResult, parseFleet } from './load.ts';
import { durationSchema } from './units.ts';

const settings = z
  .strictObject({
    command: z.array(z.string()).min(1),
    environment: z.record(z.string(), z.string()).default({}),
    stopTimeout: durationSchema().prefault('10s'),
  })
  .transform(({ stopTimeout, ...rest }) => ({ ...rest, stopTimeoutMs: stopTimeout }));
const providers = new Map([['process', { settingsSchema: () => settings }]]);

export function parse(text: string | Uint8Array): FleetFileResult {
  return parseFleet({ text, path: '/srv/shop/fleet.yaml', providers });
}

export function errorsOf(text: string | Uint8Array): string {
  const result = parse(text);
  return result.ok ? 'no errors' : formatErrors(result.errors);
}
