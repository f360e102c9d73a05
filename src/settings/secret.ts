import { resolve } from 'node:path';
import { z } from 'zod';
import { filePathSchema } from './fields.ts';
import { shown } from './public.ts';

/** Where a secret is, never the secret: one of the two is null. Kept as it is written, with an absolute path. */
export const secretSettings = z.union([
  z.strictObject({ file: z.string(), variable: z.null() }),
  z.strictObject({ file: z.null(), variable: z.string() }),
]);
export type SecretSettings = z.infer<typeof secretSettings>;

const variableNameSchema = shown(z.string()).regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, {
  error: 'a variable name has letters, digits and _, and starts with no digit',
});

/** `{ file: path }` or `{ variable: NAME }`; a relative path is resolved against `baseDir`. */
export function secretSchema(baseDir: string) {
  return z
    .strictObject({
      file: filePathSchema.optional().describe('A file that holds it; relative to the fleet file.'),
      variable: variableNameSchema.optional().describe("A variable of Drover's own environment that holds it."),
    })
    .transform(({ file, variable }, context): SecretSettings => {
      if (file !== undefined && variable === undefined) return { file: resolve(baseDir, file), variable: null };
      if (file === undefined && variable !== undefined) return { file: null, variable };
      context.issues.push({ code: 'custom', input: {}, message: 'name a file or a variable that holds it' });
      return z.NEVER;
    });
}
