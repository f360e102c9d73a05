/**
 * The API's own description of its answers, as a check of the fake's. `openapi.json` is Hetzner's description of its API (MIT licence), cut to
 * what is used by scripts/hetzner-api.ts.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

type Node = { [key: string]: unknown };

const description: Node = JSON.parse(readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8'));

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  formats: { int32: true, int64: true, double: true, decimal: true, 'date-time': isDateTime },
});
ajv.addSchema(asJsonSchema(description) as Node, 'hetzner');

const validators = new Map<string, ValidateFunction>();

function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}

/**
 * What is wrong with an answer, in words; null for nothing.
 * @param path as the description has it: `/servers/{id}`
 */
export function wrongAnswer(method: string, path: string, status: number, body: unknown): string | null {
  const about = `${method} ${path} ${status}`;
  const responses = at('paths', path, method.toLowerCase(), 'responses');
  const key = [String(status), `${String(status)[0]}xx`].find((one) => at(responses, one) !== undefined);
  if (key === undefined) return `${about}: the description has no such answer`;
  const schema = at(responses, key, 'content', 'application/json', 'schema');
  if (schema === undefined) return body === null ? null : `${about}: it has no content`;
  return problem(about, schema, body);
}

/** What is wrong with the body of a request. */
export function wrongRequest(method: string, path: string, body: unknown): string | null {
  const schema = at('paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema');
  return schema === undefined ? null : problem(`${method} ${path}`, schema, body);
}

function problem(about: string, schema: unknown, value: unknown): string | null {
  const key = JSON.stringify(schema);
  const validate = validators.get(key) ?? ajv.compile(rebased(asJsonSchema(schema)) as Node);
  validators.set(key, validate);
  return validate(value) ? null : `${about}: ${ajv.errorsText(validate.errors, { dataVar: 'it' })}`;
}

function at(...path: readonly unknown[]): unknown {
  const [first] = path;
  const node: unknown = typeof first === 'string' ? description : first;
  const keys = typeof first === 'string' ? path : path.slice(1);
  return keys.reduce(
    (inner: unknown, key: unknown) =>
      typeof inner === 'object' && inner !== null ? (inner as Node)[String(key)] : undefined,
    node,
  );
}

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type for it. */
function asJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asJsonSchema);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, asJsonSchema(value)]),
  );
  return nullable === true ? { anyOf: [{ type: 'null' }, rest] } : rest;
}

function rebased(node: unknown): unknown {
  return JSON.parse(JSON.stringify(node).replaceAll('"$ref":"#/', '"$ref":"hetzner#/'));
}
