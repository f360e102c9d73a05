import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import type { Diagnostic } from '@codemirror/lint';
import { type Document, isNode, parseDocument } from 'yaml';
import { FLEET_SCHEMA } from './schema.ts';

/** An interpreter of JSON Schema: one that compiles it would need `eval`, which the page's policy forbids. */
const validator = new Validator(FLEET_SCHEMA as Schema, '2020-12', false);
const MAX_PROBLEMS = 20;
/** Those that only say that something further in is wrong. */
const SUMMARIES = new Set([
  'false',
  'properties',
  'additionalProperties',
  'items',
  'oneOf',
  'anyOf',
  'allOf',
  '$ref',
  'propertyNames',
]);

/** What is wrong with the text of a fleet file: as YAML, then as a fleet. The controller checks more when it plans. */
export function check(text: string): readonly Diagnostic[] {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    return document.errors.map(({ pos: [from, to], message }) => ({
      from,
      to: Math.min(to, text.length),
      severity: 'error',
      message: message.split('\n')[0]?.replace(/ at line.*/, '') ?? '',
    }));
  }
  const { errors } = validator.validate(document.toJS());
  return tellingOnes(errors)
    .slice(0, MAX_PROBLEMS)
    .map((error) => ({ ...placeOf(document, error.instanceLocation), severity: 'error', message: error.message }));
}

interface Telling {
  readonly instanceLocation: string;
  readonly message: string;
}

/** Of the kinds that a thing could be those that it does not say it is are left out, and so is what repeats what is further in. */
function tellingOnes(errors: readonly OutputUnit[]): readonly Telling[] {
  const others = errors
    .filter(({ keyword }) => keyword === 'const')
    .map(({ keywordLocation }) => branchOf(keywordLocation));
  const isOther = (location: string) => others.some((branch) => branch !== null && location.startsWith(branch));
  return errors.flatMap(({ keyword, keywordLocation, instanceLocation, error }, index) => {
    if (isOther(keywordLocation)) return [];
    const next = errors[index + 1];
    if (keyword === 'additionalProperties' && next?.keyword === 'false') {
      const key = next.instanceLocation.split('/').at(-1) ?? '';
      return [{ instanceLocation: next.instanceLocation, message: `There is no key ${key} here.` }];
    }
    return SUMMARIES.has(keyword) ? [] : [{ instanceLocation, message: error }];
  });
}

/** `#/a/oneOf/3/` of `#/a/oneOf/3/properties/type/const`. */
function branchOf(location: string): string | null {
  return /^.*\/(?:oneOf|anyOf)\/\d+\//.exec(location)?.[0] ?? null;
}

function placeOf(document: Document, pointer: string): { readonly from: number; readonly to: number } {
  const path = pointer
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length).map(asIndex), true);
    if (isNode(node) && node.range) return { from: node.range[0], to: Math.max(node.range[0], node.range[1]) };
  }
  return { from: 0, to: 0 };
}

function asIndex(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part;
}
