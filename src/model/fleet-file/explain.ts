/** What zod found wrong, in sentences that say what would be right. */

import { z } from 'zod';
import { maySecretsBeBelow } from '../secrets.ts';
import { isObject, type Path } from './path.ts';
import { didYouMean } from './suggest.ts';

/** Each costs a search for what may have been meant. */
const MAX_ISSUES = 50;

/** One thing that is wrong, and where. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** Parses, and on failure tells every problem; messages that the schema itself gives are kept. */
export function parseExplained<T>(schema: z.ZodType<T>, input: unknown): { value: T } | { problems: Problem[] } {
  const result = schema.safeParse(input, { error: sentence });
  if (result.success) return { value: result.data };
  const { issues } = result.error;
  const json = issues.some(({ code }) => code === 'unrecognized_keys')
    ? z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    : null;
  return { problems: issues.slice(0, MAX_ISSUES).flatMap((issue) => asProblems(issue, json)) };
}

function asProblems(issue: z.core.$ZodIssue, jsonSchema: unknown): Problem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(jsonSchema, path);
      return issue.keys
        .slice(0, MAX_ISSUES)
        .map((key) => ({ path: [...path, key], message: `unknown key; ${didYouMean(key, known)}` }));
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }));
    default:
      return [{ path, message: issue.message }];
  }
}

/** The keys that a JSON Schema knows at a path. */
function keysAt(jsonSchema: unknown, path: Path): string[] {
  let node = jsonSchema;
  for (const part of path) {
    if (!isObject(node)) return [];
    const properties = isObject(node.properties) ? node.properties : {};
    node = properties[part] ?? node[typeof part === 'number' ? 'items' : 'additionalProperties'];
  }
  return isObject(node) && isObject(node.properties) ? Object.keys(node.properties) : [];
}

function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  const wanted = requirement(issue);
  if (wanted === undefined) return undefined;
  if (issue.input === undefined) return `it is missing; ${wanted}`;
  if (issue.input === null) return `it is empty; ${wanted}`;
  return wanted;
}

function requirement(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `it must be ${TYPES[issue.expected] ?? issue.expected}${quoteHint(issue)}`;
    case 'invalid_union':
      return 'it must be text or a number';
    case 'invalid_value': {
      const known = issue.values.map(String);
      const meant = typeof issue.input === 'string' ? didYouMean(issue.input, known) : '';
      return `it must be one of ${known.join(', ')}${meant.startsWith('did') ? `; ${meant}` : ''}`;
    }
    case 'too_small':
    case 'too_big': {
      const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      return `it must ${COUNTED[issue.origin] === undefined ? 'be' : 'have'} ${bound}${COUNTED[issue.origin] ?? ''}`;
    }
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
};

const COUNTED: Readonly<Record<string, string>> = {
  string: ' characters',
  array: ' entries',
};

/** `minSize: "3"` and `command: [sleep, 60]` are a matter of quotes. */
function quoteHint(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  const { expected, input } = issue;
  const isSecret = issue.path?.some((part) => typeof part !== 'symbol' && maySecretsBeBelow(part)) ?? false;
  if (expected === 'string' && ['number', 'boolean'].includes(typeof input)) {
    return isSecret ? ': put it in quotes' : `: put it in quotes, "${input}"`;
  }
  const isNumber = typeof input === 'string' && /^\d+$/.test(input);
  return isNumber && ['int', 'number'].includes(expected) ? `: leave out the quotes, ${input}` : '';
}
