import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { check } from '../../web/src/editor/check.ts';
import { CONTENT } from '../support/dashboard/fake-versions.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /(^|\/)[\w-]*fleet[\w-]*\.yaml$/.test(name),
);

const fleet = (group: string) => `fleet: shop\nautoScalingGroups:\n  web:\n    minSize: 1\n    maxSize: 2\n${group}`;
const template = '    launchTemplate: { provider: process, command: [node, server.js] }\n';
const found = (text: string) => check(text).map(({ from, to, message }) => [text.slice(from, to), message]);

describe('check', () => {
  it.each(files)('finds nothing wrong with examples/%s', (name) => {
    expect(found(readFileSync(join(EXAMPLES, name), 'utf8'))).toEqual([]);
  });

  it('finds nothing wrong with what the imitated fleet shows', () => {
    expect(found(stringify(CONTENT))).toEqual([]);
  });

  it('marks a value that is wrong, and says what would be right', () => {
    expect(found(fleet(template).replace('minSize: 1', 'minSize: many'))).toEqual([
      ['many', expect.stringContaining('integer')],
    ]);
  });

  it('marks a key that does not exist', () => {
    expect(found(fleet(`${template}    minsize: 1\n`))).toEqual([['1', expect.stringContaining('minsize')]]);
  });

  it('does not complain about the kinds that a thing is not', () => {
    const policies =
      '    scalingPolicies: { keep: { type: targetTracking, metric: load, targetValue: many, valueIs: average } }\n';
    expect(found(fleet(template + policies))).toEqual([['many', expect.stringContaining('number')]]);
  });

  it('says what is no YAML', () => {
    expect(found('fleet: [shop')).toHaveLength(1);
  });
});
