import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { formatErrors } from '../../../src/fleet/file/errors.ts';
import { parseFleet } from '../../../src/fleet/file/load.ts';
import { execMetric } from '../../../src/metrics/exec.ts';
import { metricSourceTypes } from '../../../src/metrics/registry.ts';
import { asPortError } from '../../../src/ports/errors.ts';
import { PortAllocator } from '../../../src/providers/process/ports.ts';
import { providerTypes } from '../../../src/providers/registry.ts';
import { NO_ABORT, sourceOf } from '../../support/metric-sources.ts';

const parse = (text: string | Uint8Array) =>
  parseFleet({ text, path: '/srv/fleet.yaml', providers: providerTypes, sources: metricSourceTypes });

/** The errors, a line each. */
function errorsOf(text: string | Uint8Array): string[] {
  const result = parse(text);
  return result.ok ? [] : result.errors.map((error) => formatErrors([error]).split('\n', 1)[0] ?? '');
}

interface Wishes {
  readonly head?: string;
  readonly listener?: string;
  readonly statsPage?: string;
  readonly group?: string;
  readonly template?: string;
}

const fleet = ({
  head = '',
  listener = '{ port: 8080, targetGroup: web }',
  statsPage = '',
  group = '',
  template = '',
}: Wishes) => `${head}fleet: shop
loadBalancers:
  edge:
    listeners: [${listener}]
    ${statsPage === '' ? '' : `statsPage: ${statsPage}`}
targetGroups: { web: {} }
autoScalingGroups:
  web:
    targetGroups: [web]
    minSize: 1
    maxSize: 5
    ${group}
    launchTemplate: { provider: process, command: [serve] ${template} }
`;

const redis = (url: string) => `metrics: { jobs: { source: queue, kind: redis, url: "${url}", key: jobs } }`;
const http = (headers: string) => `metrics: { jobs: { source: http, url: "http://h", headers: ${headers} } }`;
const cron = (recurrence: string) => `scheduledActions: { day: { cron: "${recurrence}", minSize: 1 } }`;

describe('what cannot work is not valid', () => {
  it('and what can is', () => {
    expect(errorsOf(fleet({}))).toEqual([]);
    expect(errorsOf(fleet({ template: ', portRange: { from: 20000, to: 20000 }' }))).toEqual([]);
    expect(errorsOf(fleet({ listener: '{ address: 192.0.2.1, port: 20001, targetGroup: web }' }))).toEqual([]);
    expect(errorsOf(fleet({ group: cron('0 8 1,15 JAN-mar MON-FRI/2') }))).toEqual([]);
    expect(errorsOf(fleet({ head: '%YAML 1.2\n---\n' }))).toEqual([]);
  });

  it.each<[string, Wishes, string]>([
    [
      'a listener among the ports',
      { listener: '{ port: 20080, targetGroup: web }' },
      'holds port 20080, which loadBalancers.edge.listeners[0] listens on',
    ],
    [
      'a listener of every interface among them',
      { listener: '{ address: "::", port: 29999, targetGroup: web }' },
      'holds port 29999',
    ],
    ['a statistics page among them', { statsPage: '{ port: 20000 }' }, 'which loadBalancers.edge.statsPage listens on'],
    ['a database that is no number', { group: redis('redis://h/x') }, 'the number of a database'],
    ['port 0', { group: redis('redis://h:0') }, 'there is no port 0'],
    ['port 0 to listen on', { listener: '{ port: 0, targetGroup: web }' }, 'at least 1'],
    ['a header with a line break', { group: http('{ a: { value: "x\\r\\nb: c" } }') }, 'one line of printable ASCII'],
    [
      'a header of the connection',
      { group: http('{ Transfer-Encoding: { value: chunked } }') },
      'belongs to the connection',
    ],
    ['the last day of a month', { group: cron('0 8 L * *') }, 'L and the like are not known here'],
    ['the last Friday of a month', { group: cron('0 8 * * 5L') }, 'L and the like are not known here'],
    ['a weekday near a day', { group: cron('0 8 15W * *') }, 'L and the like are not known here'],
    [
      'one address in two spellings',
      { listener: '{ port: 80, targetGroup: web }, { address: "::ffff:127.0.0.1", port: 80, targetGroup: web }' },
      'listens on port 80 already',
    ],
    [
      'one address in hexadecimal',
      { listener: '{ port: 80, targetGroup: web }, { address: "::ffff:7f00:1", port: 80, targetGroup: web }' },
      'listens on port 80 already',
    ],
    ['YAML 1.1', { head: '%YAML 1.1\n---\n' }, 'a fleet file is YAML 1.2'],
  ])('%s', (_, wishes, message) => {
    expect(errorsOf(fleet(wishes))).toEqual([expect.stringContaining(message)]);
  });
});

describe('a message blames what is wrong, once', () => {
  it.each([
    ['minSize: 1e30', 'it must be at most 5000'],
    ['minSize: -1e30', 'it must be at least 0'],
    ['minSize: 0.5', 'it must be a whole number'],
    ['maxSize: 99999999999999999999', 'it must be at most 5000'],
  ])('%s', (line, message) => {
    const text = fleet({}).replace(new RegExp(`${line.split(':', 1)}: \\d`), line);
    expect(errorsOf(text)).toEqual([expect.stringContaining(message)]);
  });

  it('for two ends of a range of which one is no port', () => {
    expect(errorsOf(fleet({ template: ', portRange: { from: 1e20, to: 2 }' }))).toEqual([
      expect.stringContaining('portRange.from: 100000000000000000000  it must be at most 65535'),
    ]);
  });

  it('for bytes that are no UTF-8, and where', () => {
    const bytes = Buffer.from(fleet({}).replace('serve', 's\u00e9rve'), 'latin1');
    expect(errorsOf(bytes)).toEqual([
      '/srv/fleet.yaml:13:53  here is a byte that is not UTF-8 text; save the file as UTF-8',
    ]);
    expect(errorsOf(Buffer.from(`\ufeff${fleet({})}`, 'utf16le'))).toEqual([
      expect.stringContaining('it is UTF-16 text'),
    ]);
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['closed brackets', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['lists', '- '.repeat(50_000)],
    ['keys', '? '.repeat(50_000)],
    ['mappings', '{a: '.repeat(20_000) + '}'.repeat(20_000)],
    ['lines', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('for %s within each other', (_, text) => {
    expect(errorsOf(text)).toEqual([expect.stringMatching(/nested (?:too deeply|more than)/)]);
  });

  it('for a program without its folder', async () => {
    const read = (settings: { command: string[]; workingDirectory?: string }) =>
      sourceOf(execMetric, settings).read(NO_ABORT);
    expect(await read({ command: ['pwd'], workingDirectory: '/does/not/exist' })).toMatchObject({
      detail: expect.stringContaining('its folder /does/not/exist does not exist'),
    });
    expect(await read({ command: ['/does/not/exist'] })).toMatchObject({
      detail: expect.stringContaining('it was not found'),
    });
  });

  it('for ports that all are taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const reserve = new PortAllocator().reserve('i-1', { from: port, to: port }, new Set());
    await expect(reserve).rejects.toThrow('widen portRange, or end something that listens there');
    server.close();
  });

  it('for a full disk', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    expect(asPortError(error)).toMatchObject({
      reaction: 'NoCapacity',
      code: 'diskFull',
      message: expect.stringContaining('the disk or the quota is full'),
    });
  });
});

describe('an error says what is probably meant', () => {
  it.each<[string, Wishes, string]>([
    ['a list without brackets', { group: 'terminationPolicies: Default' }, 'in brackets, such as [one, two]'],
    ['a signal without SIG', { template: ', stopSignal: TERM' }, 'did you mean SIGTERM?'],
    ['a decimal unit', { template: ', maxLogSize: 10MB' }, 'did you mean 10MiB?'],
    ['a range the wrong way round', { template: ', portRange: { from: 9, to: 8 }' }, 'from (9)'],
    ['a variable of Drover', { template: ', environment: { PORT: "1" }' }, 'set by Drover; remove it'],
    ['a key twice', { group: 'minSize: 2' }, 'this key is there twice; the first is in line 10'],
  ])('%s', (_, wishes, message) => {
    expect(errorsOf(fleet(wishes)).join('\n')).toContain(message);
  });

  it.each([
    ['recurrence: "0 8 * * *"', 'recurrence', 'cron'],
    ['schedule: "0 8 * * *"', 'schedule', 'cron'],
    ['cron: "0 8 * * *", startTime: "2026-11-27T00:00:00Z"', 'startTime', 'startAt'],
    ['cron: "0 8 * * *", minCapacity: 2', 'minCapacity', 'minSize'],
  ])("once for AWS's word in { %s }", (key, word, meant) => {
    expect(errorsOf(fleet({ group: `scheduledActions: { day: { ${key}, minSize: 1 } }` }))).toEqual([
      expect.stringMatching(`scheduledActions\\.day\\.${word} {2}unknown key; did you mean ${meant}\\?$`),
    ]);
  });

  it.each([
    [
      'autoScalingGroups.my web',
      (text: string) => text.replace('  web:\n    targetGroups', '  my web:\n    targetGroups'),
    ],
    ['targetGroups.web!', (text: string) => text.replace('{ web: {} }', '{ web!: {} }')],
    ['autoScalingGroups.web.metrics.a b', (text: string) => text.replace('{ jobs:', '{ "a b":')],
  ])('an invalid name is shown: %s', (path, spoil) => {
    const errors = errorsOf(spoil(fleet({ group: http('{}') })));
    expect(errors).toEqual(expect.arrayContaining([expect.stringContaining(`${path}  a name has 1 to 32 letters`)]));
  });

  it('once for what one slip of YAML makes wrong in every line', () => {
    expect(errorsOf(`- fleet\n${fleet({})}`).length).toBeLessThan(4);
  });
});

it('aliases stand for no more than a bounded text', () => {
  const command = Array.from({ length: 900 }, () => '*a').join(', ');
  const text = fleet({ template: `, environment: { A: &a "${'x'.repeat(100_000)}" } }\n  b: { x: [${command}]` });
  expect(errorsOf(text)).toEqual([expect.stringContaining('it stands for more than 1000000 characters')]);
});
