import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runTool, temporaryProject } from './temporary-project.ts';

const script = join(import.meta.dirname, '../../scripts/check-links.ts');

it('finds links that lead to nothing', async () => {
  const folder = temporaryProject({
    'README.md':
      '# Drover\n[a](docs/a.md) ![b](docs/b.png) [c](docs/a.md#two-words) [d](#nowhere) <img src="c.png">\n\n[e]: missing.md\n',
    'docs/a.md': '# One\n## Two `words`!\n[up](../README.md#drover) [out](../../elsewhere.md) [root](/README.md)\n',
  });
  const { exitCode, stderr } = await runTool(folder, 'node', script);
  expect(exitCode).toBe(1);
  expect(stderr.trimEnd().split('\n').toSorted()).toEqual([
    'README.md: #nowhere names a heading that is not there',
    'README.md: c.png leads to nothing',
    'README.md: docs/b.png leads to nothing',
    'README.md: missing.md leads to nothing',
    'docs/a.md: ../../elsewhere.md leads out of the repository',
    'docs/a.md: /README.md leads out of the repository',
  ]);
});

it('is content with what is there, with other sites and with code', async () => {
  const folder = temporaryProject({
    'README.md':
      '# A\n# A\n[a](https://example.com/x) [b](#a-1) [c](<docs/with space.md>) `[d](no.md)`\n\n```md\n[e](no.md)\n```\n',
    'docs/with space.md': '[back](../README.md "title")\n',
  });
  expect(await runTool(folder, 'node', script)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});
