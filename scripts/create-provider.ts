/**
 * npm run create-provider NAME: makes the package of a provider beside where it is called, ./drover-provider-NAME. It is a copy of
 * examples/provider under its own name, and passes its conformance test at once (npm test in it).
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { argv, cwd, env, exit } from 'node:process';

const ROOT = join(import.meta.dirname, '..');
const TEMPLATE = join(ROOT, 'examples', 'provider');

const [name = '', ...more] = argv.slice(2);
if (!/^[a-z][a-z0-9-]{0,31}$/.test(name) || more.length > 0) {
  console.error('usage: npm run create-provider NAME, with a name of small letters, digits and -');
  exit(2);
}
const packageName = `drover-provider-${name}`;
// npm runs scripts in the project's folder, and says where it was called.
const folder = resolve(env.INIT_CWD ?? cwd(), packageName);
if (existsSync(folder)) {
  console.error(`${folder} is there already: remove it, or choose another name.`);
  exit(1);
}

cpSync(TEMPLATE, folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
const className = name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
for (const file of readdirSync(folder)) {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8')
    .replaceAll('drover-provider-example', packageName)
    .replaceAll('ExampleProvider', `${className}Provider`)
    .replaceAll(/\bexample\b/g, name)
    .replace('"file:../.."', JSON.stringify(`file:${relative(folder, ROOT)}`));
  writeFileSync(path, text);
}
// As npm install would link it.
mkdirSync(join(folder, 'node_modules'));
symlinkSync(ROOT, join(folder, 'node_modules', 'drover'));

console.log(`${folder} is there. Next:

  cd ${relative(env.INIT_CWD ?? cwd(), folder)} && npm test     # its conformance test, which passes
  README.md                                   # the page for its users
  ${join(ROOT, 'docs', 'providers', 'README.md')}   # the contract`);
