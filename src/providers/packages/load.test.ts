import { chmod, chown, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { geteuid } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchRequest } from '../../../test/support/launch-request.ts';
import { PortError } from '../../ports/errors.ts';
import type { ProviderContext } from '../../ports/provider.ts';
import { systemClock } from '../../system/clock.ts';
import { loadPackage } from './load.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/provider', import.meta.url));
const NAME = 'drover-provider-acme';
const { signal } = new AbortController();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-packages-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Installs a package of these files. */
async function install(files: Readonly<Record<string, string>>, name = NAME): Promise<string> {
  const place = join(folder, 'node_modules', name);
  const described = { 'package.json': JSON.stringify({ name, type: 'module', exports: './index.js' }), ...files };
  for (const [file, text] of Object.entries(described)) {
    await mkdir(dirname(join(place, file)), { recursive: true });
    await writeFile(join(place, file), text);
  }
  return place;
}

const load = (name = NAME) => loadPackage(name, folder, `npm:${name}`);
const context = (): ProviderContext => ({
  fleet: 'shop',
  settings: { zones: [] },
  dataDir: folder,
  clock: systemClock,
  onProblem: () => {},
});
const exporting = (text: string) => ({
  'index.js': `import { z } from 'drover/provider';\nconst works = { contract: 1, settingsSchema: () => z.strictObject({}), capabilities: () => ({}), create: () => ({}) };\nexport default ${text};`,
});

describe('a package', () => {
  it('is loaded with what it imports, and is given this very Drover', async () => {
    await cp(EXAMPLE, join(folder, 'node_modules', NAME), { recursive: true });
    const type = load();
    expect(type.name).toBe(`npm:${NAME}`);
    expect(type.capabilities({ zones: ['a'] })).toMatchObject({ ports: 'direct', zones: ['a'] });
    const provider = type.create(context());
    const settings = type.settingsSchema('/').parse({});
    expect(await provider.launch(launchRequest('i-1', { settings }), signal)).toMatchObject({ instanceId: 'i-1' });
    expect((await provider.list(signal)).machines).toHaveLength(1);
    await expect(provider.terminate('i-2', signal)).rejects.toBeInstanceOf(PortError);
  });

  it('may be one of CommonJS, and have a scope', async () => {
    const text =
      "const { z } = require('drover/provider');\nmodule.exports = { contract: 1, settingsSchema: () => z.strictObject({}), capabilities: () => ({}), create: () => ({}) };";
    const described = JSON.stringify({ name: '@acme/provider', main: 'index.js' });
    await install({ 'index.js': text, 'package.json': described }, '@acme/provider');
    expect(load('@acme/provider').settingsSchema('/').parse({})).toEqual({});
  });

  it('may be linked', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await cp(EXAMPLE, elsewhere, { recursive: true });
    await mkdir(join(folder, 'node_modules'));
    await symlink(elsewhere, join(folder, 'node_modules', NAME));
    expect(load().name).toBe(`npm:${NAME}`);
  });

  it.each([
    ['2', 'it was written for contract 2 of providers, and this Drover has contract 1'],
    ['undefined', 'its default export is no provider: an object with contract: 1'],
  ])('is refused with contract %s', async (contract, why) => {
    await install(exporting(`{ ...works, contract: ${contract} }`));
    expect(() => load()).toThrow(why);
  });

  it.each([
    ['{ ...works, create: undefined }', 'create: it is a function'],
    ['null', 'its default export is no provider'],
    ['await works', 'a provider may not wait (await) while it is loaded'],
    ['works.missing.more', "it cannot be loaded: Cannot read properties of undefined (reading 'more')"],
    ['{', 'it cannot be loaded: '],
  ])('is refused that exports %s', async (text, why) => {
    await install(exporting(text));
    expect(() => load()).toThrow(why);
  });

  it('is refused that exports nothing, and says what to write', async () => {
    await install({
      ...exporting('works'),
      'package.json': JSON.stringify({ name: NAME, exports: { './x': './x.js' } }),
    });
    expect(() => load()).toThrow('write "exports": "./index.js"');
  });
});

describe('nothing is loaded', () => {
  it('unless whoever runs Drover names the folder', () => {
    for (const none of [undefined, '']) {
      expect(() => loadPackage(NAME, none, 'npm:x')).toThrow(
        `packages are loaded only from the folder that DROVER_PACKAGES names: install it there (npm install --prefix <folder> ${NAME})`,
      );
    }
  });

  it('from another folder than that one, also none above it', async () => {
    await install(exporting('works'));
    const inside = join(folder, 'inside');
    await mkdir(inside);
    expect(() => loadPackage(NAME, inside, 'npm:x')).toThrow(
      `it is not installed in ${inside}: npm install --prefix ${inside} ${NAME}`,
    );
    expect(() => load('../elsewhere')).toThrow('it is no name of an npm package');
    expect(() => load('/etc')).toThrow('it is no name of an npm package');
  });

  it.each([
    '',
    'node_modules',
    `node_modules/${NAME}`,
    `node_modules/${NAME}/index.js`,
    `node_modules/${NAME}/lib/more.js`,
  ])('from where every user can write: %j', async (path) => {
    await install({ ...exporting('works'), 'lib/more.js': 'globalThis.ranForeignCode = true;' });
    await writeFile(
      join(folder, 'node_modules', NAME, 'index.js'),
      `import './lib/more.js';\n${exporting('works')['index.js']}`,
    );
    await chmod(join(folder, path), 0o777);
    expect(() => load()).toThrow(`it is not safe to load: every user can write to ${join(folder, path)}`);
    expect(globalThis).not.toHaveProperty('ranForeignCode');
  });

  it.runIf(geteuid?.() === 0)('that another user owns', async () => {
    const place = await install(exporting('works'));
    await chown(join(place, 'index.js'), 12_345, 12_345);
    expect(() => load()).toThrow('belongs to the user with id 12345');
  });
});

describe('what a package says', () => {
  it('of its capabilities is checked', async () => {
    await install(exporting('{ ...works, capabilities: () => ({ listIntervalMs: "5s" }) }'));
    expect(() => load().capabilities({})).toThrow(`npm:${NAME} has wrong capabilities`);
  });

  it('with a programming error is said to be its own', async () => {
    await install(exporting('{ ...works, create: () => ({ list: () => undefined.machines }) }'));
    const problems: string[] = [];
    const provider = load().create({ ...context(), onProblem: (message) => void problems.push(message) });
    await expect(provider.list(signal)).rejects.toMatchObject({
      reaction: 'Transient',
      code: 'packageDefect',
      message: `a programming error in npm:${NAME} (TypeError: Cannot read properties of undefined (reading 'machines')); drover.log has its stack`,
    });
    expect(problems[0]).toContain('index.js');
  });
});
