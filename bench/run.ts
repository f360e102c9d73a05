/**
 * `npm run bench`: all benchmarks, or those named (`npm run bench -- healing cost`), one after the other. Numbers are sizes for
 * those that have some (`npm run bench -- scale 100 1000`).
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, release } from 'node:os';
import { join } from 'node:path';

const NAMES = [
  'dropped',
  'healing',
  'scaling',
  'cost',
  'policies',
  'scale',
  'proxy',
  'providers',
  'dashboard',
  'telemetry',
];

const isSize = (word: string) => /^[0-9]+$/.test(word);
const sizes = process.argv.slice(2).filter(isSize);
const wanted = process.argv.slice(2).filter((word) => !isSize(word));
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are: ${NAMES.join(', ')}.`);
  process.exit(2);
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    // It ends what it has started before it ends itself.
    running?.kill(signal);
  });
}
let running: ReturnType<typeof spawn> | null = null;

const [cpu] = cpus();
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpu?.model}, Linux ${release()}, Node.js ${process.version}`,
);
for (const name of wanted.length > 0 ? wanted : NAMES) {
  running = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...sizes], { stdio: 'inherit' });
  const [code] = await once(running, 'exit');
  if (code !== 0) process.exitCode = 1;
  if (interrupted) break;
}
