import { expect, it } from 'vitest';
import { PLAIN_ACTIVITY } from '../model/activity.ts';
import { PortError } from '../ports/errors.ts';
import type { FleetNumbers, GroupNumbers, Telemetry } from '../ports/telemetry.ts';
import { CATALOGUE } from './catalogue.ts';
import { Metrics } from './metrics.ts';
import { createTelemetry } from './telemetry.ts';

const clock = { now: () => 1_000, steadyMs: () => performance.now(), sleep: async () => {} };

function create(): { readonly metrics: Metrics; readonly telemetry: Telemetry } {
  let seeds = 0;
  const metrics = new Metrics('1.2.3');
  const seed = () => {
    seeds += 1;
    return String(seeds).padStart(32, '0');
  };
  return { metrics, telemetry: createTelemetry(clock, { seed }, [metrics]) };
}

const group = (name: string, given: Partial<GroupNumbers> = {}): GroupNumbers => ({
  name,
  minSize: 1,
  maxSize: 5,
  desired: 3,
  instances: new Map([
    ['inService', 2],
    ['launching', 1],
  ]),
  unhealthy: 1,
  isLaunchSuspended: false,
  holds: [],
  ...given,
});

const fleet = (given: Partial<FleetNumbers>): FleetNumbers => ({
  fleetVersion: 4,
  defects: 0,
  groups: [],
  providers: [],
  loadBalancers: [],
  ...given,
});

async function lines(metrics: Metrics, about: string): Promise<readonly string[]> {
  const { text } = await metrics.exposition();
  return text.split('\n').filter((line) => line.startsWith(about));
}

const fail = (error: unknown) => async () => {
  throw error;
};

it('counts each outcome, and passes answers and errors on as they are', async () => {
  const { metrics, telemetry } = create();
  const call = { kind: 'providerCall', call: 'list', provider: 'rack', type: 'docker', about: null } as const;
  expect(await telemetry.measure(call, async () => 7)).toBe(7);
  const full = new PortError('NoCapacity', 'full', 'the rack is full');
  await expect(telemetry.measure(call, fail(full))).rejects.toBe(full);
  await expect(telemetry.measure(call, fail(new PortError('Transient', 'deadline', 'late')))).rejects.toThrow();
  await expect(telemetry.measure(call, fail(new PortError('Transient', 'aborted', 'off')))).rejects.toThrow();
  await expect(telemetry.measure(call, fail(new TypeError('x is not a function')))).rejects.toThrow();
  const counted = (await lines(metrics, 'drover_provider_calls_total')).filter((line) => !line.endsWith(' 0'));
  expect(counted.map((line) => line.replace(/.*outcome="(.*)"} /, '$1 '))).toEqual([
    'ok 1',
    'noCapacity 1',
    'defect 1',
    'aborted 1',
    'timedOut 1',
  ]);
});

it('has every outcome at 0 before it happens, so that the first failure is an increase', async () => {
  const { metrics, telemetry } = create();
  await telemetry.measure({ kind: 'commit', activities: [] }, async () => {});
  expect(await lines(metrics, 'drover_store_commits_total{outcome="transient"}')).toEqual([
    'drover_store_commits_total{outcome="transient"} 0',
  ]);
});

it('counts activities once they are recorded, and not when they could not be', async () => {
  const { metrics, telemetry } = create();
  const launched = { ...PLAIN_ACTIVITY, at: 0, group: 'web', reason: 'launched', message: 'It is there.' } as const;
  const commit = { kind: 'commit', activities: [launched] } as const;
  await telemetry.measure(commit, async () => {});
  await expect(telemetry.measure(commit, fail(new PortError('NoCapacity', 'diskFull', 'full')))).rejects.toThrow();
  expect(await lines(metrics, 'drover_activities_total')).toEqual([
    'drover_activities_total{group="web",reason="launched",level="info"} 1',
  ]);
});

it('knows how many operations are under way', async () => {
  const { metrics, telemetry } = create();
  const done = Promise.withResolvers<void>();
  const launch = { kind: 'operation', operation: 'launch', provider: 'rack', group: 'web', instanceId: 'i-1' } as const;
  const launching = telemetry.measure(launch, () => done.promise);
  const inProgress = () => lines(metrics, 'drover_operations_in_progress');
  expect(await inProgress()).toEqual(['drover_operations_in_progress{provider="rack",kind="launch"} 1']);
  done.resolve();
  await launching;
  expect(await inProgress()).toEqual(['drover_operations_in_progress{provider="rack",kind="launch"} 0']);
});

it('reads the fleet when it is asked', async () => {
  const { metrics } = create();
  const holds = ['launchHeld', 'launchHeld', 'healthBrake'].map((code) => ({ code, message: code, until: null }));
  metrics.follow(() => fleet({ groups: [group('web', { holds })], providers: [{ name: 'rack', isSeen: false }] }));
  expect(await lines(metrics, 'drover_group_')).toEqual([
    'drover_group_desired_capacity{group="web"} 3',
    'drover_group_min_size{group="web"} 1',
    'drover_group_max_size{group="web"} 5',
    'drover_group_unhealthy_instances{group="web"} 1',
    'drover_group_launch_suspended{group="web"} 0',
    'drover_group_instances{group="web",state="inService"} 2',
    'drover_group_instances{group="web",state="launching"} 1',
    'drover_group_holds{group="web",code="launchHeld"} 2',
    'drover_group_holds{group="web",code="healthBrake"} 1',
  ]);
  expect(await lines(metrics, 'drover_provider_visible')).toEqual(['drover_provider_visible{provider="rack"} 0']);
});

it('forgets all series of what the fleet does not have any more', async () => {
  const { metrics, telemetry } = create();
  const reading = { numbers: fleet({ groups: [group('web'), group('preview-1')] }) };
  metrics.follow(() => reading.numbers);
  for (const name of ['web', 'preview-1']) await telemetry.measure({ kind: 'check', group: name }, async () => {});
  const about = async () => (await metrics.exposition()).text.split('\n').filter((line) => line.includes('preview-1'));
  expect((await about()).length).toBeGreaterThan(15);
  reading.numbers = fleet({ groups: [group('web')] });
  expect(await about()).toEqual([]);
  expect(await lines(metrics, 'drover_checks_total{group="web",outcome="ok"}')).toHaveLength(1);
  await telemetry.measure({ kind: 'check', group: 'preview-1' }, async () => {});
  expect(await about()).not.toEqual([]);
});

it('keeps as many series for a thousand instances as for one', async () => {
  const { metrics, telemetry } = create();
  const launch = async (index: number) => {
    const operation = { operation: 'launch', provider: 'rack', group: 'web', instanceId: `i-${index}` } as const;
    await telemetry.measure({ kind: 'operation', ...operation }, () =>
      telemetry.measure(
        { kind: 'providerCall', call: 'launch', provider: 'rack', type: 'docker', about: `i-${index}` },
        async () => {},
      ),
    );
    const activity = { ...PLAIN_ACTIVITY, at: 0, group: 'web', instanceId: `i-${index}`, reason: 'launch' } as const;
    await telemetry.measure(
      { kind: 'commit', activities: [{ ...activity, message: `Launching i-${index}.` }] },
      async () => {},
    );
  };
  await launch(0);
  const size = async () => (await metrics.exposition()).text.split('\n').length;
  const before = await size();
  for (let index = 1; index < 1_000; index += 1) await launch(index);
  expect(await size()).toBe(before);
  expect((await metrics.exposition()).text).not.toContain('i-1');
});

it('names follow the conventions of Prometheus', () => {
  for (const [name, { type, help }] of Object.entries(CATALOGUE)) {
    expect(name).toMatch(/^(drover|process)_[a-z0-9]+(_[a-z0-9]+)*$/);
    if (type === 'counter') expect(name).toMatch(/_total$/);
    else expect(name).not.toMatch(/_total$/);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
  }
});
