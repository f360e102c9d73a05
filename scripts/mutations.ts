/**
 * Breaks the code on purpose, one line at a time, and expects the tests to notice: `npm run mutations [-- <part of a name>]`.
 * Works on copies of the sources in a temporary folder. Exits 1 when a mutation survives or does not apply any more.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_MUTATIONS } from './mutations/all.ts';
import type { Mutation, Tests } from './mutations/mutation.ts';

const ROOT = join(import.meta.dirname, '..');
const COPIED = [
  'src',
  'test',
  'examples',
  'bin',
  'docs',
  'scripts',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];
const LINKED = ['node_modules', 'tools'];
const RUN_TIMEOUT_MS = 300_000;

type Outcome = 'caught' | 'survived' | 'does not apply' | 'broken without it';
interface Row {
  readonly mutation: Mutation;
  readonly outcome: Outcome;
  readonly seconds: number;
}

const wanted = process.argv[2] ?? '';
const mutations = ALL_MUTATIONS.filter(({ name, caughtBy }) => `${name} ${describe(caughtBy)}`.includes(wanted));
const rows = await runAll(mutations);
const failed = rows.filter(({ outcome }) => outcome !== 'caught');
process.stdout.write(`\n${rows.length - failed.length} of ${rows.length} mutations were caught.\n`);
process.exitCode = failed.length === 0 && rows.length > 0 ? 0 : 1;

async function runAll(queue: readonly Mutation[]): Promise<readonly Row[]> {
  const left = [...queue];
  const done: Row[] = [];
  const sound = new Map<string, Promise<boolean>>();
  const folder = await mkdtemp(join(tmpdir(), 'drover-mutations-'));
  const work = async (_: unknown, index: number): Promise<void> => {
    const copy = await copyOfSources(join(folder, `${index}`));
    for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
      const { caughtBy } = mutation;
      const startedAt = performance.now();
      const key = describe(caughtBy);
      if (!sound.has(key)) sound.set(key, pass(copy, caughtBy));
      const outcome = (await sound.get(key)) ? await tryOut(copy, mutation) : 'broken without it';
      const row = { mutation, outcome, seconds: (performance.now() - startedAt) / 1_000 };
      done.push(row);
      process.stdout.write(`${line(row)}\n`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), queue.length) }, work));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return done;
}

async function copyOfSources(folder: string): Promise<string> {
  await mkdir(folder);
  for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of LINKED) await symlink(join(ROOT, name), join(folder, name));
  return folder;
}

async function tryOut(copy: string, { file, find, replace, caughtBy }: Mutation): Promise<Outcome> {
  const path = join(copy, file);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.split(find).length !== 2) return 'does not apply';
  await writeFile(
    path,
    text.replace(find, () => replace),
  );
  try {
    return (await notices(copy, caughtBy)) ? 'caught' : 'survived';
  } finally {
    await writeFile(path, text);
  }
}

/** Whether a test fails, or a seed violates the invariant; that the code does not even load does not count. */
function notices(copy: string, caughtBy: Mutation['caughtBy']): Promise<boolean> {
  if ('tests' in caughtBy) return says(copy, vitest(caughtBy), /^ *Tests +\d+ failed/m);
  const violation = new RegExp(`violates:\\n(  .*\\n)*  ${caughtBy.invariant}: `);
  return says(
    copy,
    [join('test', 'simulation', 'run', 'cli.ts'), '--seed', '1', '--seeds', `${caughtBy.seeds}`],
    violation,
  );
}

/** That tests fail says something only if they run and pass without the mutation. Seeds violate nothing, or CI would know. */
function pass(copy: string, caughtBy: Mutation['caughtBy']): Promise<boolean> {
  return 'tests' in caughtBy ? says(copy, vitest(caughtBy), /^ *Tests +\d+ passed/m) : Promise.resolve(true);
}

function vitest({ tests }: Tests): readonly string[] {
  return [join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--bail=1', ...tests];
}

/** Whether a Node.js program prints it. It is ended as soon as it has, or when it takes too long. */
async function says(cwd: string, args: readonly string[], what: RegExp): Promise<boolean> {
  const { CI: _, ...inherited } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...inherited, NO_COLOR: '1' },
    timeout: RUN_TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const closed = once(child, 'close');
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    said += text;
    if (what.test(said)) break;
  }
  child.kill();
  await closed;
  return what.test(said);
}

function line({ mutation, outcome, seconds }: Row): string {
  return `${outcome.padEnd(14)} ${`${seconds.toFixed(1)} s`.padStart(8)}  ${mutation.name}  [${describe(mutation.caughtBy)}]`;
}

function describe(caughtBy: Mutation['caughtBy']): string {
  return 'tests' in caughtBy ? caughtBy.tests.join(', ') : `${caughtBy.invariant}, seeds 1 to ${caughtBy.seeds}`;
}
