/**
 * Which lines and branches of the deciding core and of the loops around it a number of seeds reach: `npm run simulate:coverage -- [seeds]`. Node strips
 * types without moving anything, so that what its profiler says of the running code holds for the source as it is written.
 */

import { readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSeed } from './run.ts';

const ROOMS = ['decide', 'control'];
const DEFAULT_SEEDS = 1_000;

interface FileCoverage {
  readonly name: string;
  /** Of the lines inside of functions. */
  readonly lines: number;
  readonly missedLines: readonly string[];
  readonly blocks: number;
  readonly missedBlocks: number;
}

await main(Number(process.argv[2] ?? DEFAULT_SEEDS));

async function main(seeds: number): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  let failed = 0;
  for (let seed = 1; seed <= seeds; seed += 1) failed += (await runSeed(seed)).violations.length > 0 ? 1 : 0;
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  print(`${seeds} seeds, of which ${failed} failed, reach:`);
  for (const room of ROOMS) tell(room, result);
}

function tell(room: string, result: readonly Profiler.ScriptCoverage[]): void {
  const folder = new URL(`../../../src/${room}/`, import.meta.url).href;
  const files = result.filter(({ url }) => url.startsWith(folder)).map(coverageOf);
  for (const { name, missedLines } of files) for (const line of missedLines) print(`${room}/${name}:${line}`);
  const sum = (pick: (file: FileCoverage) => number): number => files.reduce((total, file) => total + pick(file), 0);
  const lines = sum((file) => file.lines);
  const blocks = sum((file) => file.blocks);
  const reachedLines = lines - sum((file) => file.missedLines.length);
  const reachedBlocks = blocks - sum((file) => file.missedBlocks);
  print(
    `src/${room}: ${share(reachedLines, lines)} lines, ${share(reachedBlocks, blocks)} branches; the others are named above`,
  );
}

function coverageOf({ url, functions }: Profiler.ScriptCoverage): FileCoverage {
  const path = fileURLToPath(url);
  const source = readFileSync(path, 'utf8');
  // Outer ranges come before the inner ones that know better; the first function is the module itself.
  const counts: (number | null)[] = Array.from({ length: source.length }, () => null);
  const inner = functions.filter(
    ({ ranges }) => (ranges[0]?.endOffset ?? 0) - (ranges[0]?.startOffset ?? 0) < source.length,
  );
  const ranges = inner.flatMap((one) => one.ranges);
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  let offset = 0;
  let lines = 0;
  const missedLines: string[] = [];
  for (const [index, line] of source.split('\n').entries()) {
    const own = counts.slice(offset, offset + line.length).filter((_, column) => /\S/.test(line[column] ?? ''));
    offset += line.length + 1;
    if (!own.some((count) => count !== null) || /^\s*(\/\/|\/?\*|[{}()[\];,]*$)/.test(line)) continue;
    lines += 1;
    if (own.includes(0)) missedLines.push(`${index + 1}  ${line.trim()}`);
  }
  const missedBlocks = ranges.filter(({ count }) => count === 0).length;
  return { name: basename(path), lines, missedLines, blocks: ranges.length, missedBlocks };
}

function share(part: number, whole: number): string {
  return `${part} of ${whole} (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
