/**
 * Cuts the description of Hetzner's API to the calls that Drover makes and its fake answers, and makes the client's types of it:
 *
 *   sh scripts/run.sh node scripts/hetzner-api.ts PATH
 *
 * PATH is the whole description, as https://docs.hetzner.cloud/cloud.spec.json has it (MIT licence). openapi-typescript needs the JavaScript
 * API of TypeScript 5, which the project does not have, so npm fetches both for this run alone.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';

const GENERATOR = ['openapi-typescript@7.13.0', 'typescript@5.9.3'];
const ROOT = join(import.meta.dirname, '..');
const CUT = join(ROOT, 'test/support/hetzner/openapi.json');
const TYPES = join(ROOT, 'src/providers/hetzner/generated/api.ts');

const CALLS: Readonly<Record<string, readonly string[]>> = {
  '/actions': ['get'],
  '/actions/{id}': ['get'],
  '/firewalls': ['get'],
  '/images': ['get'],
  '/images/{id}': ['get'],
  '/locations': ['get'],
  '/networks': ['get'],
  '/placement_groups': ['get', 'post'],
  '/placement_groups/{id}': ['get', 'delete'],
  '/server_types': ['get'],
  '/server_types/{id}': ['get'],
  '/servers': ['get', 'post'],
  '/servers/{id}': ['get', 'delete'],
  '/servers/{id}/actions': ['get'],
  '/servers/{id}/actions/poweroff': ['post'],
  '/ssh_keys': ['get'],
};

/** What explains and is neither a shape nor a bound. */
const WORDS = ['description', 'summary', 'example', 'examples', 'title', 'tags', 'x-codeSamples', 'externalDocs'];

type Node = { [key: string]: unknown };

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nodeAt(node: unknown, ...keys: readonly string[]): Node {
  const found = keys.reduce<unknown>((at, key) => (isNode(at) ? at[key] : undefined), node);
  if (!isNode(found)) throw new Error(`the description has no ${keys.join(' ')}`);
  return found;
}

/** @param isNames whether the keys are names of properties, which may be called as words are */
function withoutWords(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutWords(one));
  if (!isNode(value)) return value;
  const kept = Object.entries(value).filter(([key]) => isNames || !WORDS.includes(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutWords(inner, !isNames && key === 'properties')]));
}

function refsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (!isNode(value)) return [];
  const own = typeof value.$ref === 'string' ? [value.$ref.replace('#/components/schemas/', '')] : [];
  return [...own, ...Object.values(value).flatMap(refsIn)];
}

const [source] = argv.slice(2);
if (source === undefined) throw new Error('name the file with the whole description');
const whole: unknown = JSON.parse(readFileSync(source, 'utf8'));

const paths = Object.fromEntries(
  Object.entries(CALLS).map(([path, methods]) => {
    const calls = methods.map((method) => [method, withoutWords(nodeAt(whole, 'paths', path, method))]);
    return [path, Object.fromEntries(calls)];
  }),
);
const schemas: Node = {};
for (let wanted = refsIn(paths); wanted.length > 0; ) {
  const names = [...new Set(wanted)].filter((name) => schemas[name] === undefined);
  for (const name of names) schemas[name] = withoutWords(nodeAt(whole, 'components', 'schemas', name));
  wanted = names.flatMap((name) => refsIn(schemas[name]));
}
const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
const info = {
  title: 'Hetzner Cloud API, cut to what Drover uses',
  version: nodeAt(whole, 'info').version,
  license: { name: 'MIT' },
};
writeFileSync(CUT, `${JSON.stringify({ openapi: '3.0.3', info, paths, components: { schemas: sorted } }, null, 1)}\n`);

const packages = GENERATOR.flatMap((name) => ['--package', name]);
execFileSync('npm', ['exec', '--yes', ...packages, '--', 'openapi-typescript', CUT, '--output', TYPES], {
  stdio: 'inherit',
});
