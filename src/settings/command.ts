import { z } from 'zod';

const MAX_ARGUMENTS = 1_024;

/** What the system hands to a program: it ends at a null character. */
const text = z.string().refine((value) => !value.includes('\0'), { error: 'it has no null characters' });

/** A program and its arguments, as a list. Its text is not shown: an argument may be a secret. */
export function commandSchema({ maxArguments = MAX_ARGUMENTS } = {}) {
  return z
    .array(text)
    .min(1)
    .max(maxArguments)
    .refine((list) => list[0] !== '', { error: 'it starts with the program to run' });
}

/** The name of a variable that a person may set. @param reserved those that Drover sets itself, and `why` in words */
export function variableNameSchema(reserved: RegExp, why: string) {
  return z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a variable name has letters, digits and _, and starts with no digit' })
    .refine((name) => !reserved.test(name), { error: why });
}

/** Variables for a program, by name. Their values are not shown. */
export function environmentSchema(reserved: RegExp, why: string) {
  return z.record(variableNameSchema(reserved, why), text);
}
