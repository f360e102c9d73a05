/** Kind: an error in Drover itself passes for trouble outside: it is "tried again", "cannot be recorded" or a server that is not well. */

import { errors } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { FileError } from '../../../src/base/files.ts';
import { ProgramError } from '../../../src/base/run-program.ts';
import { SecretError } from '../../../src/base/secrets.ts';
import { isNetworkError } from '../../../src/base/system-error.ts';
import { renderExplanation } from '../../../src/cli/render/explanation.ts';
import { terminalLook } from '../../../src/cli/terminal.ts';
import { Defects } from '../../../src/control/defects.ts';
import { explanation, planned } from '../../../src/control/explanation.ts';
import { InstanceCounts } from '../../../src/control/instance-counts.ts';
import { Loops } from '../../../src/control/loops.ts';
import { Probes } from '../../../src/control/probes.ts';
import { stepsLeft } from '../../../src/control/reconcile.ts';
import { ServiceError } from '../../../src/control/service.ts';
import { Missing } from '../../../src/metrics/source.ts';
import type { Activity } from '../../../src/model/activity.ts';
import { DEFAULT_HISTORY } from '../../../src/model/fleet.ts';
import { asFailure, isDefect, PortError } from '../../../src/ports/errors.ts';
import { wholeList } from '../../../src/ports/provider.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { asStoreError } from '../../../src/store/sqlite-errors.ts';
import { calmConditions } from '../../simulation/world/conditions.ts';
import { settle, VirtualClock } from '../../simulation/world/virtual-clock.ts';
import { controllerOptionsOf } from '../../support/controller-options.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { lived, simulated } from '../../support/scenarios.ts';
import { GROUP, NOW, snapshotOf } from '../../support/snapshot.ts';

const defect = new TypeError('undefined is not a function');

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' });

it.each<[string, unknown, ReturnType<typeof asFailure>['reaction'], string]>([
  ['of a port', new PortError('RateLimited', 'slow', 'too many'), 'RateLimited', 'slow'],
  ['of a file', new FileError('absent', 'it does not exist'), 'Transient', 'unusable'],
  ['of a program', new ProgramError('failed', 'failed'), 'Transient', 'unusable'],
  ['of a secret', new SecretError('it is empty'), 'Transient', 'unusable'],
  ['of a reading', new Missing('empty', 'nothing'), 'Transient', 'unusable'],
  ['of a service', new ServiceError('conflict', 'no'), 'Transient', 'unusable'],
  ['of the operating system', refused, 'Transient', 'system'],
  ['of each address of a name', new AggregateError([refused, refused]), 'Transient', 'system'],
  ['of a full disk', full, 'NoCapacity', 'diskFull'],
  ['of what was given up', AbortSignal.abort().reason, 'Transient', 'aborted'],
  ['of JavaScript', defect, 'Defect', 'defect'],
  ['of a library that nobody has mapped', new Error('Parse Error'), 'Defect', 'defect'],
  ['of a library, with a code', Object.assign(new Error('x'), { code: 'ERR_STREAM_DESTROYED' }), 'Defect', 'defect'],
  ['of zod', z.string().safeParse(1).error, 'Defect', 'defect'],
  ['that is none', 'a text', 'Defect', 'defect'],
])('an error %s', (_, error, reaction, code) => {
  expect(asFailure(error, NOW)).toMatchObject({ reaction, code });
  expect(isDefect(error)).toBe(reaction === 'Defect');
});

it('is told from what the network does', () => {
  const undici = [
    new errors.ConnectTimeoutError(),
    new errors.SocketError(),
    new errors.ResponseExceededMaxSizeError(),
  ];
  const tls = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' });
  const fetchFailed = Object.assign(new TypeError('fetch failed', { cause: refused }), { code: 'UND_ERR' });
  for (const error of [...undici, tls, refused, fetchFailed]) expect(isNetworkError(error)).toBe(true);
  for (const error of [defect, new Error('x'), new errors.InvalidArgumentError('headers')]) {
    expect(isNetworkError(error)).toBe(false);
  }
});

it('says so in its words', () => {
  expect(asFailure(defect, NOW)).toMatchObject({ reaction: 'Defect', message: expect.stringContaining('TypeError') });
  expect(asStoreError(defect, 'drover.db')).toBe(defect);
});

it('is logged with its stack, counted, and reported once', () => {
  const logged: unknown[] = [];
  const reported: Activity[] = [];
  const report = async (activity: Activity) => void reported.push(activity);
  const defects = new Defects({ clock: new VirtualClock(), log: (_, error) => logged.push(error), report });
  for (let time = 0; time < 12; time += 1) defects.report('group web', defect);
  expect(logged).toEqual([defect, defect]);
  expect(reported).toMatchObject([{ reason: 'defect', level: 'error', message: expect.stringContaining('group web') }]);
  expect(defects.met).toMatchObject([{ where: 'group web', count: 12 }]);
  expect(defects.count).toBe(12);
});

it("in one group's decision keeps that group still, says so, and no other one", async () => {
  const clock = new VirtualClock();
  const met: string[] = [];
  let isBroken = true;
  const groups = ['good', 'bad'].map((name) => ({ ...GROUP, name, targetGroups: [], desiredCapacity: 2 }));
  Object.defineProperty(groups[1], 'scalingPolicies', {
    get: () => {
      if (isBroken) throw defect;
      return [];
    },
  });
  const fleet = {
    name: 'two',
    providers: [],
    loadBalancers: [],
    targetGroups: [],
    autoScalingGroups: groups,
    notifications: [],
    history: DEFAULT_HISTORY,
  };
  const launched: string[] = [];
  const provider = {
    launch: async ({ group }: { group: string }) => {
      launched.push(group);
      throw new PortError('NoCapacity', 'full', 'no machine is free');
    },
    list: async () => wholeList([]),
    terminate: async () => {},
    watch: () => () => {},
    close: async () => {},
  };
  const capabilities = {
    listIntervalMs: 1_000,
    listGapMs: 50,
    listLagMs: 0,
    concurrentOperations: 10,
    terminateTimeoutMs: 60_000,
    ports: 'assigned',
    zones: [],
    instanceTypes: false,
  } as const;
  const options = controllerOptionsOf({
    clock,
    store: await openSqliteStore({ path: ':memory:' }),
    provider: () => ({ provider, capabilities }),
    onDefect: (where) => void met.push(where),
  });
  const loops = new Loops(options, {
    mode: () => 'up',
    report: async () => {},
    onChanged: () => {},
    hint: () => {},
  });
  onTestFinished(() => loops.stop());
  loops.follow(fleet);
  loops.start({ groups: new Map(), instances: [] });
  const { signal } = new AbortController();
  for (const step of stepsLeft(fleet, loops.running, false)) void loops.perform(step, signal);
  const until = async (isSo: () => boolean) => {
    for (const end = clock.elapsedMs + 60_000; !isSo() && clock.elapsedMs < end; ) await clock.advance();
    expect(isSo()).toBe(true);
  };
  await until(() => launched.includes('good') && met.includes('group bad'));
  const bad = loops.groups.find(({ group }) => group.name === 'bad');
  expect(bad?.holds).toMatchObject([{ code: 'defect', message: expect.stringContaining('TypeError') }]);
  expect(launched).not.toContain('bad');
  isBroken = false;
  await until(() => launched.includes('bad'));
  expect(new Set(met)).toEqual(new Set(['group bad']));
});

it('in what a group would do next is shown as its reason to do nothing', () => {
  const met: string[] = [];
  const onDefect = (where: string) => void met.push(where);
  const broken = () => {
    throw defect;
  };
  const { memory, instances } = snapshotOf([{ id: 'a' }]);
  const loop = { group: GROUP, memory, counts: new InstanceCounts(instances), verdicts: [] };
  const decision = planned({ ...loop, plan: broken }, onDefect);
  expect(decision).toMatchObject({ activities: [], changed: [], holds: [{ code: 'defect' }] });
  expect(met).toEqual(['group web']);
  const look = { ...terminalLook(fakeTerminal(), 'drover'), color: false, columns: 200 };
  const explained = renderExplanation(explanation({ at: NOW, loop, decision, activities: [] }), look);
  expect(explained).toContain(
    'waits: Nothing is done because of an error in Drover itself (TypeError: undefined is not',
  );
  expect(explained).not.toContain('no scaling policy');
});

it('in a probe says nothing about the server', async () => {
  const met: unknown[] = [];
  const check = () => Promise.reject(defect);
  const probes = new Probes(
    { check },
    new VirtualClock(),
    () => expect.fail('no answer'),
    (error) => met.push(error),
  );
  const { instances, targetGroups } = snapshotOf([{ id: 'a' }]);
  for (const instance of instances) probes.ask(instance, targetGroups);
  await settle();
  expect(probes.answers.size).toBe(0);
  expect(met).toEqual([defect]);
});

it.each(['list', 'launch', 'terminate', 'apply', 'observe', 'probe', 'store'] as const)(
  'in %s is reported as what it is, and every rule holds',
  async (where) => {
    const conditions = calmConditions({ minMs: 1, maxMs: 20 });
    const { provider, loadBalancer, probe, store } = conditions;
    const calls = { ...provider, apply: loadBalancer.apply, observe: loadBalancer.observe, probe: probe.check };
    if (where === 'store') store.defects = 0.2;
    // Few probes are made.
    else calls[where].faults = { defect: where === 'probe' ? 1 : 0.4 };
    const happenings = [
      { atMs: 15_000, happening: { kind: 'hangMachine', which: 0, forMs: null } },
      { atMs: 40_000, happening: { kind: 'setDesired', group: 'web', desired: 1 } },
    ] as const;
    const scenario = { ...simulated({ desiredCapacity: 3, maxSize: 5 }), conditions, happenings };
    const { lines, violations } = await lived(scenario);
    expect(violations).toEqual([]);
    expect(lines.filter((line) => line.includes('error in Drover itself:')).length).toBeGreaterThan(0);
    expect(lines.some((line) => line.includes('defect: An error in Drover itself has hit'))).toBe(true);
  },
);
