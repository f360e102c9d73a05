/** What zod found wrong, in sentences that say what would be right. */

import { z } from 'zod';
import { didYouMean } from '../base/suggest.ts';
import { isObject, type Path, valueAt } from './path.ts';
import { type IsPublic, publicIn } from './public.ts';

/** Each costs a search for what may have been meant. */
const MAX_ISSUES = 50;

/** One thing that is wrong, and where. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/**
 * Parses, and on failure gives every problem; messages that the schema itself gives are kept.
 * @param keysBeside keys that were taken out of `input` before: a misspelt one may have been meant as one of them
 */
export function parseExplained<T>(
  schema: z.ZodType<T>,
  input: unknown,
  keysBeside: readonly string[] = [],
): { value: T } | { problems: Problem[] } {
  const isPublic: IsPublic = (path) => publicIn(schema, input)(path);
  const result = schema.safeParse(input, { error: (issue) => sentence(issue, isPublic) });
  if (result.success) return { value: result.data };
  const issues = withoutRepeats(result.error.issues);
  const json = issues.some(({ code }) => code === 'unrecognized_keys')
    ? z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    : null;
  return { problems: issues.slice(0, MAX_ISSUES).flatMap((issue) => asProblems(issue, { json, input, keysBeside })) };
}

/**
 * One for each place: of several bounds the narrowest, which is the last. What a whole must be is asked once each part of it is right.
 */
function withoutRepeats(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const paths = issues.map(({ path }) => JSON.stringify(path).slice(0, -1));
  return issues.filter(({ code }, index) => {
    const path = paths[index] ?? '';
    const isBounded = code === 'too_big' || code === 'too_small';
    if (isBounded && issues.some((other, at) => at > index && other.code === code && paths[at] === path)) return false;
    if (code === 'custom' && issues.some((other, at) => other.code === 'unrecognized_keys' && paths[at] === path))
      return false;
    return (
      code !== 'custom' || !paths.some((other) => other !== path && other.startsWith(path === '[' ? '[' : `${path},`))
    );
  });
}

/** Hands on the problems of a part that was parsed by itself. */
export function addProblems(context: z.core.ParsePayload, problems: readonly Problem[], input: unknown): never {
  for (const { path, message } of problems) {
    context.issues.push({ code: 'custom', message, path: [...path], input });
  }
  return z.NEVER;
}

interface Parsed {
  readonly json: unknown;
  readonly input: unknown;
  readonly keysBeside: readonly string[];
}

function asProblems(issue: z.core.$ZodIssue, { json, input, keysBeside }: Parsed): Problem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = [...keysAt(json, input, path), ...(path.length === 0 ? keysBeside : [])];
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

/** The keys that a JSON Schema knows at a path of the input. */
function keysAt(jsonSchema: unknown, input: unknown, path: Path): string[] {
  let node = branch(jsonSchema, input);
  let value = input;
  for (const part of path) {
    if (!isObject(node)) return [];
    value = valueAt(value, [part]);
    const rest = node[typeof part === 'number' ? 'items' : 'additionalProperties'];
    node = branch(valueAt(node.properties, [part]) ?? rest, value);
  }
  return isObject(node) && isObject(node.properties) ? Object.keys(node.properties) : [];
}

/** Of several shapes the one whose fixed values (`type`, `kind`) are the value's own. */
function branch(node: unknown, value: unknown): unknown {
  if (!isObject(node) || !Array.isArray(node.oneOf)) return node;
  return node.oneOf.find((one) => {
    const properties = isObject(one) && isObject(one.properties) ? Object.entries(one.properties) : [];
    const fixed = properties.filter(([, property]) => isObject(property) && property.const !== undefined);
    return fixed.length > 0 && fixed.every(([key, property]) => valueAt(property, ['const']) === valueAt(value, [key]));
  });
}

function sentence(issue: z.core.$ZodRawIssue, isPublic: IsPublic): string | undefined {
  const wanted = requirement(issue, isPublic);
  if (wanted === undefined) return undefined;
  const input = issue.code === 'invalid_union' ? discriminated(issue) : issue.input;
  if (input === undefined) return `it is missing; ${wanted}`;
  if (input === null) return `it is empty; ${wanted}`;
  return wanted;
}

/** What stands where the shape is told from. */
function discriminated({ input, discriminator }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): unknown {
  return discriminator === undefined ? input : valueAt(input, [discriminator]);
}

function requirement(issue: z.core.$ZodRawIssue, isPublic: IsPublic): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `it must be ${TYPES[issue.expected] ?? issue.expected}${quoteHint(issue, isPublic)}`;
    case 'invalid_union':
      return Array.isArray(issue.options) ? oneOf(issue.options, discriminated(issue)) : 'it must be text or a number';
    case 'invalid_value':
      return oneOf(issue.values, issue.input);
    case 'too_small':
    case 'too_big': {
      const bound = issue.code === 'too_small' ? atLeast(issue) : atMost(issue);
      return `it must ${COUNTED[issue.origin] === undefined ? 'be' : 'have'} ${bound}${counted(issue)}`;
    }
    default:
      return undefined;
  }
}

function atLeast({ minimum, inclusive }: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall>): string {
  return inclusive === false ? `more than ${minimum}` : `at least ${minimum}`;
}

function atMost({ maximum, inclusive }: z.core.$ZodRawIssue<z.core.$ZodIssueTooBig>): string {
  return inclusive === false ? `less than ${maximum}` : `at most ${maximum}`;
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const known = values.map(String);
  const meant = typeof input === 'string' ? didYouMean(input, known) : '';
  return `it must be one of ${known.join(', ')}${meant.startsWith('did') ? `; ${meant}` : ''}`;
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

const COUNTED: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: [' character', ' characters'],
  array: [' entry', ' entries'],
};

function counted(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): string {
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const [one, many] = COUNTED[issue.origin] ?? ['', ''];
  return bound === 1 ? one : many;
}

/** `minSize: "3"` and `command: [sleep, 60]` are a matter of quotes. */
function quoteHint(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>, isPublic: IsPublic): string {
  const { expected, input } = issue;
  if (expected === 'string' && ['number', 'boolean'].includes(typeof input)) {
    const path = issue.path?.filter((part) => typeof part !== 'symbol') ?? [];
    return isPublic(path) ? `: put it in quotes, "${input}"` : ': put it in quotes';
  }
  if (expected === 'array' && typeof input === 'string') return ' in brackets, such as [one, two]';
  const isNumber = typeof input === 'string' && /^\d+$/.test(input);
  return isNumber && ['int', 'number'].includes(expected) ? `: leave out the quotes, ${input}` : '';
}
