/** `npm run bench`: all benchmarks, or those named (`npm run bench -- healing cost`), one after the other. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, release } from 'node:os';
import { join } from 'node:path';

const NAMES = ['dropped', 'healing', 'scaling', 'cost', 'policies'];

const wanted = process.argv.slice(2);
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
  running = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' });
  const [code] = await once(running, 'exit');
  if (code !== 0) process.exitCode = 1;
  if (interrupted) break;
}
