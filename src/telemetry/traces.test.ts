import { afterEach, beforeEach, expect, it } from 'vitest';
import { OtlpReceiver, type ReceivedSpan } from '../../test/support/otlp-receiver.ts';
import { PLAIN_ACTIVITY } from '../model/activity.ts';
import { PortError } from '../ports/errors.ts';
import { systemClock } from '../system/clock.ts';
import { systemIds } from '../system/ids.ts';
import { createTelemetry } from './telemetry.ts';
import { startTraces, type Traces } from './traces.ts';

let receiver: OtlpReceiver;
const problems: string[] = [];

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  problems.length = 0;
});
afterEach(() => receiver.close());

const start = (url: string): Traces =>
  startTraces({ url, version: '1.2.3', onProblem: (message) => problems.push(message) });
const attributesOf = ({ attributes }: ReceivedSpan) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
const named = (name: string) => receiver.spans.find((span) => span.name === name) ?? expect.fail(`no span ${name}`);

async function launchThatFails(traces: Traces): Promise<void> {
  const told = {
    ended: ({ work, span }: { work: { kind: string }; span: { ids(): unknown } }) => {
      // As the log does with the activities of a commit.
      if (work.kind === 'commit') span.ids();
    },
  };
  const telemetry = createTelemetry(systemClock, systemIds, [told, traces]);
  const operations: Promise<void>[] = [];
  const activity = { ...PLAIN_ACTIVITY, at: 0, group: 'web', reason: 'launch', message: 'Launching.' } as const;
  await telemetry.measure({ kind: 'check', group: 'quiet' }, async () => {});
  await telemetry.measure({ kind: 'check', group: 'web' }, async (stepEnded) => {
    stepEnded('observe');
    stepEnded('decide');
    await telemetry.measure({ kind: 'commit', activities: [activity] }, async () => {});
    stepEnded('commit');
    const launch = { operation: 'launch', provider: 'rack', group: 'web', instanceId: 'i-1' } as const;
    operations.push(
      telemetry.measure({ kind: 'operation', ...launch }, () =>
        telemetry.measure(
          { kind: 'providerCall', call: 'launch', provider: 'rack', type: 'docker', about: 'i-1' },
          async () => {
            throw new PortError('NoCapacity', 'full', 'the rack is full');
          },
        ),
      ),
    );
    stepEnded('perform');
  });
  await Promise.allSettled(operations);
}

it('sends a check that did something with its steps, its operation and the call, as one trace', async () => {
  const traces = start(receiver.url);
  await launchThatFails(traces);
  await traces.close();
  expect(receiver.spans.map(({ name }) => name).toSorted()).toEqual([
    'check',
    'commit',
    'decide',
    'launch',
    'observe',
    'perform',
    'provider launch',
  ]);
  expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
  const check = named('check');
  expect(check.parentSpanId).toBeUndefined();
  for (const step of ['observe', 'decide', 'commit', 'perform', 'launch'])
    expect(named(step).parentSpanId).toBe(check.spanId);
  expect(named('provider launch').parentSpanId).toBe(named('launch').spanId);
  expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).toBe(7);
  expect(attributesOf(named('provider launch'))).toEqual({
    'drover.provider': 'rack',
    'drover.provider_type': 'docker',
    'drover.about': 'i-1',
    'drover.outcome': 'noCapacity',
  });
  expect(named('provider launch').status).toEqual({ code: 2, message: 'the rack is full' });
  expect(check.status.code).toBe(0);
  for (const { startTimeUnixNano, endTimeUnixNano } of receiver.spans)
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
});

it('says whose they are, and sends them where the specification says', async () => {
  const traces = start(`${receiver.url}/`);
  await launchThatFails(traces);
  await traces.close();
  expect(receiver.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
  expect(receiver.resources.get('service.name')).toBe('drover');
  expect(receiver.resources.get('service.version')).toBe('1.2.3');
});

it('a collector that is away is a problem for the log, and for nobody else', async () => {
  const { url } = receiver;
  await receiver.close();
  const traces = start(url);
  await launchThatFails(traces);
  await traces.close();
  expect(problems[0]).toMatch(/^traces \(1\): /);
});
