import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Operations } from '../../../src/control/operations.ts';
import { Throttle } from '../../../src/control/throttle.ts';
import { PortError } from '../../../src/ports/errors.ts';
import { type Provider, wholeList } from '../../../src/ports/provider.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { systemIds } from '../../../src/system/ids.ts';
import { measuredProvider } from '../../../src/telemetry/measured.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { createTelemetry } from '../../../src/telemetry/telemetry.ts';
import { startTraces } from '../../../src/telemetry/traces.ts';
import { settle, VirtualClock } from '../../simulation/world/virtual-clock.ts';
import { healthy } from '../../support/decisions.ts';
import { Scrape } from '../../support/scrape.ts';
import { machineOf, snapshotOf } from '../../support/snapshot.ts';

const [INSTANCE] = snapshotOf(healthy('a')).instances;

/** A provider whose machines take a minute to end, and whose launches fail with what they were asked for. */
function world() {
  const clock = new VirtualClock();
  const metrics = new Metrics('1');
  const telemetry = createTelemetry(clock, systemIds, [metrics]);
  const goneAtMs = clock.elapsedMs + 60_000;
  const provider: Provider = {
    launch: async ({ instanceId }) => {
      if (instanceId === 'a') return machineOf({ id: instanceId });
      throw new PortError('Transient', 'odd', `${instanceId} could not be published: msg_hash 0x008824b41d9b`);
    },
    list: async () => wholeList([]),
    terminate: async () => {
      if (clock.elapsedMs >= goneAtMs) throw new PortError('NotFound', 'none', 'there is none');
    },
    watch: () => () => {},
    close: async () => {},
  };
  const operations = new Operations(
    measuredProvider(provider, 'rack', 'docker', telemetry),
    {
      listIntervalMs: 1_000,
      listGapMs: 50,
      listLagMs: 0,
      concurrentOperations: 4,
      terminateTimeoutMs: 600_000,
      ports: 'direct',
      zones: [],
      instanceTypes: false,
    },
    clock,
    new Throttle(clock, systemIds, { onDefect: () => {}, onWait: () => {} }),
    telemetry,
  );
  const scraped = async () => new Scrape((await metrics.exposition()).text);
  return { clock, operations, scraped };
}

describe('metrics', () => {
  it('of a termination are of the whole of it, not of its begin', async () => {
    const { clock, operations, scraped } = world();
    let ended = false;
    operations.terminate(INSTANCE!, () => {
      ended = true;
    });
    await settle();
    expect((await scraped()).sum('drover_operations_total', { kind: 'terminate' })).toBe(0);
    expect((await scraped()).sum('drover_operations_in_progress', { kind: 'terminate' })).toBe(1);
    while (!ended && (await clock.advance())) await settle();
    const after = await scraped();
    expect(after.sum('drover_operation_duration_seconds_sum', { kind: 'terminate' })).toBeGreaterThanOrEqual(60);
    expect(after.sum('drover_operations_total', { kind: 'terminate', outcome: 'ok' })).toBe(1);
    expect(after.sum('drover_provider_calls_total', { call: 'terminate', outcome: 'notFound' })).toBe(1);
  });

  it('never have what an error says for a label', async () => {
    const { operations, scraped } = world();
    const before = INSTANCE!;
    for (let index = 0; index < 20; index += 1) {
      operations.launch({ ...before, id: `i-${index}` }, true, 1_000, () => {});
    }
    await settle();
    const after = await scraped();
    expect(after.sum('drover_operations_total', { kind: 'launch', outcome: 'transient' })).toBe(20);
    expect(after.text).not.toContain('msg_hash');
    expect(after.series.filter(({ name }) => name === 'drover_operations_total').length).toBe(11);
  });

  it('have the labels that are theirs, and no empty ones of others', async () => {
    const { operations, scraped } = world();
    operations.launch(INSTANCE!, true, 1_000, () => {});
    await settle();
    for (const { name, labels } of (await scraped()).series.filter((one) => one.name.startsWith('drover_operation'))) {
      const { le: _, outcome: __, ...own } = labels;
      expect(Object.keys(own).toSorted(), name).toEqual(['kind', 'provider']);
    }
  });
});

describe('a collector of traces', () => {
  it('that takes connections and never answers keeps nobody: what waits is given up after some seconds', async () => {
    const open = new Set<Socket>();
    const server = createServer((socket) => void open.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    const problems: string[] = [];
    const { port } = server.address() as AddressInfo;
    const traces = startTraces({
      url: `http://127.0.0.1:${port}`,
      version: '1',
      onProblem: (message) => problems.push(message),
    });
    const telemetry = createTelemetry(systemClock, systemIds, [traces]);
    const call = { kind: 'providerCall', call: 'list', provider: 'rack', type: 'docker', about: null } as const;
    await telemetry.measure(call, async () => {});
    await traces.close();
    expect(open.size).toBeGreaterThan(0);
    expect(problems.length).toBeGreaterThan(0);
  });
});
