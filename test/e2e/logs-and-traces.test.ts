import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DroverService, ending } from '../support/drover-service.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';

const SECRET = 'hunter2-in-the-environment';
const GROUP = `
  minSize: 1
  maxSize: 2
  launchTemplate: { provider: process, command: [sleep, "600"], environment: { PASSWORD: ${SECRET} } }`;

type Line = Readonly<Record<string, string | undefined>>;

it('the log on standard output is the one in the file, and tells a launch with one id; a collector gets the same', async () => {
  const receiver = await OtlpReceiver.start();
  onTestFinished(() => receiver.close());
  const service = await DroverService.create(GROUP);
  const child = await service.run({
    words: ['--log-format', 'json', '--log-level', 'debug'],
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  child.kill('SIGTERM');
  expect(await ending(child)).toBe(0);
  const file = await readFile(join(service.folder, '.drover', 'drover.log'), 'utf8');
  const printed = service.output.split('\n').filter((line) => line.startsWith('{'));
  expect(printed).toEqual(file.trim().split('\n'));
  const lines = printed.map((line): Line => JSON.parse(line));
  const launching = lines.find(({ reason }) => reason === 'launch');
  const story = lines.filter(({ trace_id }) => trace_id === launching?.trace_id);
  expect(story.map(({ reason, call, operation, outcome }) => reason ?? `${call ?? operation} ${outcome}`)).toEqual([
    'launch',
    'launch ok',
    'launch ok',
  ]);
  for (const { time } of lines) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(file).not.toContain(SECRET);

  const spans = receiver.spans.filter(({ traceId }) => traceId === launching?.trace_id);
  expect(new Set(spans.map(({ name }) => name))).toEqual(
    new Set(['check', 'observe', 'decide', 'commit', 'perform', 'launch', 'provider launch']),
  );
  expect(spans.find(({ name }) => name === 'check')?.spanId).toBe(launching?.span_id);
  expect(JSON.stringify(receiver.spans)).not.toContain(SECRET);
});

it('the log is for people, too, without what their terminal would obey', async () => {
  const service = await DroverService.create(GROUP);
  const child = await service.run({ words: ['--log-format', 'pretty'] });
  child.kill('SIGTERM');
  expect(await ending(child)).toBe(0);
  expect(service.output).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Launching i-/m);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
  expect(service.output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});
