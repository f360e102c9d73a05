import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

it('npm run create-provider makes a package that passes its conformance test', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-create-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  // What this very run sets for its own workers is not for another one.
  const outside = Object.fromEntries(Object.entries(env).filter(([name]) => !/^(VITEST|TEST|NODE_)/.test(name)));
  const create = () =>
    run(process.execPath, [join(ROOT, 'scripts/create-provider.ts'), 'acme-cloud'], {
      env: { ...outside, INIT_CWD: folder },
    });
  const { stdout } = await create();
  const made = join(folder, 'drover-provider-acme-cloud');
  expect(stdout).toContain(`${made} is there.`);
  for (const name of await readdir(made)) {
    if (name !== 'node_modules') expect(await readFile(join(made, name), 'utf8')).not.toMatch(/example/i);
  }
  const tested = await run('npm', ['test'], { cwd: made, env: outside });
  expect(tested.stdout).toMatch(/19 passed/);
  await expect(create()).rejects.toThrow('is there already: remove it, or choose another name');
});

it('docs/providers/README.md shows a whole provider of fewer than a hundred lines, the one of the example', async () => {
  const code = await readFile(join(ROOT, 'examples/provider/provider.js'), 'utf8');
  expect(code.split('\n').length).toBeLessThan(100);
  expect(await readFile(join(ROOT, 'docs/providers/README.md'), 'utf8')).toContain(`\`\`\`js\n${code}\`\`\`\n`);
});
