import { pino } from 'pino';
import { expect, it } from 'vitest';
import { PLAIN_ACTIVITY } from '../model/activity.ts';
import { PortError } from '../ports/errors.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { logOf } from './log.ts';
import { createTelemetry } from './telemetry.ts';

type Line = Readonly<Record<string, unknown>> & { readonly msg: string; readonly trace_id?: string };

function create(level: 'debug' | 'info' = 'info'): { readonly lines: Line[]; readonly telemetry: Telemetry } {
  const lines: Line[] = [];
  let seeds = 0;
  const seed = () => {
    seeds += 1;
    return seeds.toString(16).padStart(32, '0');
  };
  const log = pino({ base: null, level }, { write: (line) => void lines.push(JSON.parse(line)) });
  const clock = { now: () => 0, steadyMs: () => 0, sleep: async () => {} };
  return { lines, telemetry: createTelemetry(clock, { seed }, [logOf(log)]) };
}

const launching = { ...PLAIN_ACTIVITY, at: 0, group: 'web', instanceId: 'i-1', reason: 'launch' } as const;
const call = { kind: 'providerCall', provider: 'rack', type: 'docker' } as const;
const full = new PortError('NoCapacity', 'full', 'the rack is full');

/** As a group's loop does: an operation goes on when the check that called for it has ended. */
async function checkThatLaunches(telemetry: Telemetry, answer: () => Promise<void>): Promise<void> {
  const operations: Promise<void>[] = [];
  await telemetry.measure({ kind: 'check', group: 'web' }, async () => {
    const activities = [{ ...launching, message: 'Launching i-1.' }];
    await telemetry.measure({ kind: 'commit', activities }, async () => {});
    const launch = { operation: 'launch', provider: 'rack', group: 'web', instanceId: 'i-1' } as const;
    operations.push(
      telemetry.measure({ kind: 'operation', ...launch }, async () => {
        await Promise.resolve();
        await telemetry.measure({ ...call, call: 'launch', about: 'i-1' }, answer);
      }),
    );
  });
  await Promise.allSettled(operations);
}

it('tells one story with one id, from the decision to the call and its outcome', async () => {
  const { lines, telemetry } = create('debug');
  await checkThatLaunches(telemetry, async () => {});
  expect(lines.map(({ msg }) => msg)).toEqual([
    'Launching i-1.',
    'call launch of provider rack: ok',
    'launch of i-1: ok',
  ]);
  const [decision, called, operation] = lines;
  expect(new Set(lines.map(({ trace_id }) => trace_id)).size).toBe(1);
  expect(decision).toMatchObject({ group: 'web', instance: 'i-1', reason: 'launch' });
  expect(operation?.parent_id).toBe(decision?.span_id);
  expect(called?.parent_id).toBe(operation?.span_id);
  expect(operation?.trace_id).toMatch(/^[0-9a-f]{32}$/);
  expect(operation?.span_id).toMatch(/^[0-9a-f]{16}$/);
  expect(operation).toMatchObject({ operation: 'launch', provider: 'rack', outcome: 'ok', duration_ms: 0 });
});

it('says why a call and its operation failed, at level warn', async () => {
  const { lines, telemetry } = create();
  await checkThatLaunches(telemetry, async () => {
    throw full;
  });
  expect(lines.slice(1).map(({ level, msg }) => `${level} ${msg}`)).toEqual([
    '40 call launch of provider rack: noCapacity: the rack is full',
    '40 launch of i-1: noCapacity: the rack is full',
  ]);
});

it('says of each decision by itself that it is another story', async () => {
  const { lines, telemetry } = create();
  await checkThatLaunches(telemetry, async () => {});
  await checkThatLaunches(telemetry, async () => {});
  expect(new Set(lines.map(({ trace_id }) => trace_id)).size).toBe(2);
});

it('says nothing of a check that finds nothing to do, nor of lists', async () => {
  const { lines, telemetry } = create();
  await telemetry.measure({ kind: 'check', group: 'web' }, async () => {});
  await telemetry.measure({ ...call, call: 'list', about: null }, async () => {});
  expect(lines).toEqual([]);
});

it('says once that a list fails, and again when it fails in another way', async () => {
  const { lines, telemetry } = create();
  const list = (error?: PortError) =>
    telemetry
      .measure({ ...call, call: 'list', about: null }, async () => {
        if (error !== undefined) throw error;
      })
      .catch(() => {});
  const refused = new PortError('Transient', 'refused', 'connection refused');
  for (const error of [refused, refused, refused, full, refused, undefined, refused]) await list(error);
  expect(lines.map(({ msg }) => msg.replace(/.*?: /, ''))).toEqual([
    'transient: connection refused',
    'noCapacity: the rack is full',
    'transient: connection refused',
    'transient: connection refused',
  ]);
});

it('the end of a machine is no failure, though its provider does not find it', async () => {
  const { lines, telemetry } = create();
  const gone = async () => {
    throw new PortError('NotFound', 'gone', 'there is none');
  };
  await telemetry.measure({ ...call, call: 'terminate', about: 'm-1' }, gone).catch(() => {});
  expect(lines).toEqual([]);
});
