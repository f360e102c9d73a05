import { glob, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const FILES = new URL('../../src/decide/', import.meta.url).pathname;
/** A function that takes the draft first, and what it returns. */
const STEP = /function (\w+)\(\s*(?:draft|\{[^}]*\}): Draft\b[^)]*\): ([^{\n]+) \{/g;

describe('the deciding core', () => {
  it('has no step that answers yes or no: what asks takes the facts, which it cannot write', async () => {
    const steps: string[] = [];
    const asking: string[] = [];
    for await (const file of glob('**/*.ts', { cwd: FILES })) {
      const text = await readFile(`${FILES}${file}`, 'utf8');
      for (const [, name = '', returned = ''] of text.matchAll(STEP)) {
        steps.push(name);
        if (/\bboolean\b|'/.test(returned)) asking.push(`${file}: ${name}`);
      }
    }
    expect(steps).toContain('replaceUnhealthy');
    expect(asking).toEqual([]);
  });

  it('keeps nothing between two decisions', async () => {
    const kept: string[] = [];
    for await (const file of glob('**/*.ts', { cwd: FILES })) {
      const text = await readFile(`${FILES}${file}`, 'utf8');
      if (/^(?:export )?(?:let |const \w+(?::[^=]+)? = new (?:Weak)?Map\()/m.test(text)) kept.push(file);
    }
    expect(kept).toEqual([]);
  });
});
