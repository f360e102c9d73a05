import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { backup, DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { anInstance, MEMORY } from '../../test/conformance/store-examples.ts';
import { effort, propertyRuns } from '../../test/support/effort.ts';
import { PortError } from '../ports/errors.ts';
import { openSqliteStore } from './sqlite.ts';

const run = promisify(execFile);
const fixture = (name: string) => fileURLToPath(new URL(`../../test/support/fixtures/${name}`, import.meta.url));
const TIMEOUT_MS = 60_000;
const REFUSALS = [
  ...['storeDamaged', 'storeRecordUntrusted', 'storeNotADatabase', 'storeNotDrovers', 'storeNotOpened'],
  // One bit makes `1004-...` of the migration `0004-...`.
  'storeSchemaNewer',
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-faults-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A process that commits one instance after another; `acknowledged` is the last one that it was told of. */
function committer(path: string) {
  const child = spawn(process.execPath, [fixture('commit-forever.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  let acknowledged = 0;
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    acknowledged = Number(line);
    for (const look of waiting) look();
  });
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      const look = (): void => {
        if (acknowledged < count) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const kill = async (): Promise<number> => {
    child.kill('SIGKILL');
    await closed;
    return acknowledged;
  };
  return { until, kill, acknowledged: () => acknowledged };
}

/** How many commits a database holds, after checking that it is these and nothing else; the PortError if it is refused. */
async function commitsIn(path: string): Promise<number | PortError> {
  try {
    const store = await openSqliteStore({ path });
    try {
      const { groups, instances } = await store.load();
      const count = groups.get('web')?.desired ?? 0;
      expect(instances).toEqual(Array.from({ length: count }, (_, index) => anInstance(`i-${index + 1}`)));
      expect([...groups.values()]).toEqual(count === 0 ? [] : [{ ...MEMORY, desired: count }]);
      return count;
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    expect(REFUSALS, error.stack).toContain(error.code);
    expect(error.message).toMatch(/stop Drover|restore|move it away|docs\/store\.md/i);
    return error;
  }
}

/** Places are given in so many parts of the file's length. */
const PARTS = 1_000_000;

/** Changes to the bytes of a file: lost from some place on, zeroed, or one bit another. */
const damage = fc.array(
  fc.record({
    kind: fc.constantFrom('cut', 'zero', 'flip', 'flip', 'flip', 'flip'),
    at: fc.nat({ max: PARTS - 1 }),
    bit: fc.nat({ max: 7 }),
  }),
  { minLength: 1, maxLength: 3 },
);

function damaged(
  bytes: Buffer,
  faults: readonly { readonly kind: string; readonly at: number; readonly bit: number }[],
): Buffer {
  let result = Buffer.from(bytes);
  for (const { kind, at, bit } of faults) {
    const offset = Math.floor((at / PARTS) * result.length);
    if (kind === 'cut') result = result.subarray(0, offset);
    else if (kind === 'zero') result.fill(0, offset, Math.min(offset + 4_096, result.length));
    else if (offset < result.length) result.writeUInt8(result.readUInt8(offset) ^ (1 << bit), offset);
  }
  return result;
}

describe('a write-ahead log that is torn or damaged', () => {
  it.each([
    ['before anything has gone into the database', 30],
    ['after parts of it have gone into the database', 400],
  ])(
    'gives a state that was committed, or is refused: %s',
    async (_, killedAfter) => {
      const path = join(folder, `wal-${killedAfter}.db`);
      const writer = committer(path);
      await writer.until(killedAfter);
      const acknowledged = await writer.kill();
      const [database, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
      const copy = join(folder, 'torn.db');
      const lay = (bytes: Buffer): void => {
        writeFileSync(copy, database);
        writeFileSync(`${copy}-wal`, bytes);
      };
      lay(log);
      expect(await commitsIn(copy)).toBeOneOf([acknowledged, acknowledged + 1]);
      await fc.assert(
        fc.asyncProperty(damage, async (faults) => {
          for (const end of ['', '-wal', '-shm']) await rm(`${copy}${end}`, { force: true });
          lay(damaged(log, faults));
          const found = await commitsIn(copy);
          if (typeof found === 'number') expect(found).toBeLessThanOrEqual(acknowledged + 1);
        }),
        { ...propertyRuns(150), interruptAfterTimeLimit: 1_000 * effort('fuzzSeconds') },
      );
    },
    TIMEOUT_MS,
  );
});

describe('a database file with damaged bytes', () => {
  it(
    'is refused, or gives what was committed last',
    async () => {
      const path = join(folder, 'bytes.db');
      const writer = committer(path);
      await writer.until(60);
      await writer.kill();
      const count = await commitsIn(path);
      expect(existsSync(`${path}-wal`)).toBe(false);
      const bytes = readFileSync(path);
      const copy = join(folder, 'damaged.db');
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(damage, async (faults) => {
          for (const end of ['', '-wal', '-shm']) await rm(`${copy}${end}`, { force: true });
          const changed = damaged(bytes, faults);
          // An empty file is a database that is made anew: that is told from the machines' tags, not from it.
          fc.pre(changed.length > 0);
          writeFileSync(copy, changed);
          const found = await commitsIn(copy);
          if (typeof found === 'number') expect(found).toBe(count);
          else refused += 1;
        }),
        { numRuns: 250, interruptAfterTimeLimit: 4_000 },
      );
      expect(refused).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

describe('a backup that is taken while Drover commits', () => {
  it(
    'holds one committed state, however it is taken',
    async () => {
      const path = join(folder, 'busy.db');
      const writer = committer(path);
      for (const [index, take] of [
        (copy: string) => backup(new DatabaseSync(path, { readOnly: true }), copy),
        async (copy: string) => {
          const reader = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
          reader.exec(`vacuum into '${copy}'`);
          reader.close();
        },
        (copy: string) => backup(new DatabaseSync(path, { readOnly: true }), copy, { rate: 1 }),
      ].entries()) {
        await writer.until(20 * (index + 1));
        const before = writer.acknowledged();
        const copy = join(folder, `backup-${index}.db`);
        await take(copy);
        await writer.until(before + 1);
        const found = await commitsIn(copy);
        expect(found).toBeGreaterThanOrEqual(before);
        expect(found).toBeLessThanOrEqual(writer.acknowledged() + 1);
      }
      await writer.kill();
    },
    TIMEOUT_MS,
  );
});

/** A mount of its own in a namespace of its own: no other process sees it, and it ends with the command. */
const OWN_MOUNTS = ['--user', '--map-root-user', '--mount'];
const UNSHARE = '/usr/bin/unshare';
const canMount = spawnSync(UNSHARE, [...OWN_MOUNTS, 'true']).status === 0;

describe.runIf(canMount)('a disk that', () => {
  async function onDisk(options: string, script: string, ...rest: string[]): Promise<string> {
    const mounted = join(folder, 'disk');
    const prepare = `mkdir -p "$1" && mount -t tmpfs -o ${options} tmpfs "$1" && ${script}`;
    const { stdout } = await run(
      UNSHARE,
      [...OWN_MOUNTS, 'sh', '-c', prepare, 'sh', mounted, process.execPath, ...rest],
      {
        timeout: TIMEOUT_MS,
      },
    );
    return stdout;
  }

  it(
    'is full refuses the commit as a whole, and takes the next one when there is room',
    async () => {
      const said = JSON.parse(await onDisk('size=2m', '"$2" "$3" "$1"', fixture('fill-disk.ts')));
      const { committed } = said;
      expect(committed).toBeGreaterThan(10);
      expect(said).toEqual({
        committed,
        refusal: ['NoCapacity', 'diskFull'],
        full: [committed, committed, committed],
        room: [committed + 1, committed + 1, committed + 1],
      });
    },
    TIMEOUT_MS,
  );

  it(
    'is read-only is refused, with what to do',
    async () => {
      const path = join(folder, 'readonly.db');
      await (await openSqliteStore({ path })).close();
      copyFileSync(path, join(folder, 'seed.db'));
      const open = `import(${JSON.stringify(fileURLToPath(new URL('sqlite.ts', import.meta.url)))})
        .then(({ openSqliteStore }) => openSqliteStore({ path: process.argv[1] }))
        .then(() => console.log('opened'), ({ name, code, message }) => console.log(JSON.stringify({ name, code, message })))`;
      const said = await onDisk(
        'size=2m',
        'cp "$3" "$1/drover.db" && mount -o remount,ro "$1" && "$2" -e "$4" "$1/drover.db"',
        join(folder, 'seed.db'),
        open,
      );
      expect(JSON.parse(said)).toMatchObject({
        name: 'PortError',
        code: 'storeNotWritable',
        message: expect.stringContaining('look at its permissions'),
      });
    },
    TIMEOUT_MS,
  );
});
