import { expect, it } from 'vitest';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { healthy } from '../../test/support/decisions.ts';
import { snapshotOf } from '../../test/support/snapshot.ts';
import { PortError } from '../ports/errors.ts';
import type { LogsWanted, Provider } from '../ports/provider.ts';
import { serverLogs } from './server-logs.ts';
import type { LogLine, LogsOf } from './service.ts';

const { signal } = new AbortController();
const WANTED: LogsWanted = { lines: 10, follow: false };

async function* lines(machineId: string): AsyncGenerator<string> {
  yield `one of ${machineId}`;
  if (machineId.endsWith('bad')) throw new PortError('Transient', 'engine', 'the engine does not answer');
  yield `two of ${machineId}`;
}

function read(of: LogsOf, ids: readonly string[], wanted = WANTED, logs: Provider['logs'] | null = lines) {
  const sources = {
    clock: new VirtualClock(),
    fleet: { name: 'shop' },
    groups: [{ group: { name: 'web' }, instances: snapshotOf(healthy(...ids)).instances }],
    providers: { logsOf: () => logs ?? null },
  };
  return (async () => {
    const all: LogLine[] = [];
    for await (const line of serverLogs(of, wanted, sources, signal)) all.push(line);
    return all;
  })();
}

const GROUP = { group: 'web' };

it('gives those of one server, or of all of a group, one after the other', async () => {
  expect(await read({ instance: 'b' }, ['a', 'b'])).toEqual([
    { instance: 'b', text: 'one of m-b' },
    { instance: 'b', text: 'two of m-b' },
  ]);
  const all = await read(GROUP, ['a', 'b']);
  expect(all.map(({ instance }) => instance)).toEqual(['a', 'a', 'b', 'b']);
});

it('says of which server no more can be read, and goes on with the others', async () => {
  expect(await read(GROUP, ['bad', 'ok'])).toEqual([
    { instance: 'bad', failure: 'the engine does not answer' },
    { instance: 'ok', text: 'one of m-ok' },
    { instance: 'ok', text: 'two of m-ok' },
  ]);
  const followed = await read(GROUP, ['bad', 'ok'], { lines: 10, follow: true });
  expect(followed).toContainEqual({ instance: 'bad', text: 'one of m-bad' });
  expect(followed).toContainEqual({ instance: 'bad', failure: 'the engine does not answer' });
  expect(followed).toHaveLength(4);
});

it('refuses what there is not, in words', async () => {
  const code = (text: string) => ({ code: text });
  await expect(read({ instance: 'c' }, ['a'])).rejects.toMatchObject(code('notFound'));
  await expect(read({ group: 'other' }, ['a'])).rejects.toMatchObject(code('notFound'));
  await expect(read(GROUP, [])).rejects.toThrow('Group web has no servers now.');
  await expect(read(GROUP, ['a'], WANTED, null)).rejects.toThrow('gives no logs');
  const many = Array.from({ length: 101 }, (_, index) => `s${index}`);
  await expect(read(GROUP, many)).rejects.toThrow('Group web has 101 servers');
});
