import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const repository = join(import.meta.dirname, '../..');
const toolTimeoutMs = 30_000;
const toolOutputBytes = 16 * 1024 * 1024;

/** A folder with these files (by path) under the rules of the repository, until the test ends. */
export function temporaryProject(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-checks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const rules of ['biome.json', 'knip.json', 'tsconfig.json', 'scripts/checks']) {
    cpSync(join(repository, rules), join(folder, rules), { recursive: true });
  }
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Runs one of the project's tools in a folder. */
export function runTool(
  folder: string,
  command: string,
  ...args: readonly string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { cwd: folder, timeout: toolTimeoutMs, maxBuffer: toolOutputBytes },
      (error, stdout, stderr) => {
        if (child.exitCode === null) reject(error);
        else resolve({ exitCode: child.exitCode, stdout, stderr });
      },
    );
  });
}

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({ category: z.string(), location: z.object({ path: z.string(), start: z.object({ line: z.number() }) }) }),
  ),
});

/** What Biome's linter finds in these files: `path:line rule`, sorted; only findings of the rule when one is named. */
export async function lint(files: Readonly<Record<string, string>>, rule?: string): Promise<readonly string[]> {
  const options = ['--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none'];
  const { stdout } = await runTool(temporaryProject(files), 'biome', 'lint', ...options, '.');
  return reportSchema
    .parse(JSON.parse(stdout))
    .diagnostics.filter(({ category }) => rule === undefined || category.endsWith(rule))
    .map(({ category, location }) => `${location.path}:${location.start.line} ${category.split('/').at(-1)}`)
    .toSorted();
}
