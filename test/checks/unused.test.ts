import { expect, it } from 'vitest';
import { runTool, temporaryProject } from './temporary-project.ts';

it('finds unused files, exports and packages, and packages that are not declared', async () => {
  const folder = temporaryProject({
    'package.json': JSON.stringify({ name: 'x', type: 'module', dependencies: { chalk: '*', yaml: '*' } }),
    'src/main.ts': "import 'yaml';\nimport 'zod';\nimport { used } from './used.ts';\nused();\n",
    'src/used.ts': 'export function used(): void {}\nexport function unusedExport(): void {}\n',
    'src/unused-file.ts': 'export const nobody = 1;\n',
  });
  const { exitCode, stdout } = await runTool(folder, 'knip', '--reporter=compact');
  expect(exitCode).toBe(1);
  for (const finding of ['src/unused-file.ts', 'unusedExport', 'chalk', 'zod']) expect(stdout).toContain(finding);
  expect(stdout).not.toContain('yaml');
});
