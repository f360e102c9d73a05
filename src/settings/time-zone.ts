import { z } from 'zod';
import { shown } from './public.ts';

/** A name that the time zone database has; offsets know no summer time. */
export const timeZoneSchema = shown(z.string()).refine((name) => /^[A-Za-z]/.test(name) && isTimeZone(name), {
  error:
    'there is no such time zone; write a name of the IANA database, such as Europe/Berlin, America/New_York or UTC',
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
