import { describe, expect, it } from 'vitest';
import { engineError } from './errors.ts';
import { Frames } from './frames.ts';
import { describeExit, machineOf } from './machine.ts';

const answered = (statusCode: number, message: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message} `), { statusCode });
const failed = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('errors of an engine', () => {
  it.each([
    [answered(500, 'write /var/lib/docker/x: no space left on device'), 'NoCapacity', 'noSpace'],
    [
      answered(500, 'driver failed programming external connectivity: port is already allocated'),
      'NoCapacity',
      'noPort',
    ],
    [answered(403, "no available IPv4 addresses on this network's address pools: narrow"), 'NoCapacity', 'noAddress'],
    [answered(500, 'toomanyrequests: You have reached your pull rate limit'), 'RateLimited', 'registryLimit'],
    [answered(500, 'Get "https://r/v2/": unauthorized: authentication required'), 'Unauthorized', 'registryLogin'],
    [answered(500, 'Head "https://r/v2/": no basic auth credentials'), 'Unauthorized', 'registryLogin'],
    [answered(404, 'manifest for nginx:nothing not found: manifest unknown'), 'Invalid', 'noImage'],
    [answered(404, 'No such image: nothing:1'), 'Invalid', 'noImage'],
    [answered(500, 'Get "https://r/v2/": net/http: TLS handshake timeout'), 'Transient', 'pull'],
    [answered(500, 'Get "https://r/v2/": dial tcp: lookup r: no such host'), 'Transient', 'pull'],
    [answered(400, 'invalid reference format'), 'Invalid', 'refused'],
    [answered(500, 'something else'), 'Transient', 'engine'],
    [failed('EACCES', 'connect EACCES /var/run/docker.sock'), 'Unauthorized', 'notAllowed'],
    [failed('ECONNREFUSED'), 'Transient', 'unreachable'],
    [failed('ENOENT', 'connect ENOENT /var/run/docker.sock'), 'Transient', 'unreachable'],
    [failed('ECONNRESET', 'socket hang up'), 'Transient', 'unreachable'],
    [failed('EPROTO', 'write EPROTO: wrong version number'), 'Unauthorized', 'tls'],
    [failed('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), 'Unauthorized', 'tls'],
  ])('%s is %s, %s', (error, reaction, code) => {
    expect(engineError('the host a', 'making x', error)).toMatchObject({ reaction, code });
  });
});

describe('a container', () => {
  const container = {
    name: 'drover.shop.i-1',
    tags: { fleet: 'shop', group: 'web', instanceId: 'i-1', launchedAt: 5, network: '' },
    networkAddresses: { bridge: '172.17.0.2' },
    ports: [],
    ending: '',
  };

  it.each([
    ['created', 'pending'],
    ['configured', 'pending'],
    ['running', 'running'],
    ['paused', 'running'],
    ['exited', 'stopped'],
    ['dead', 'stopped'],
    ['removing', 'stopped'],
  ])('that is %s is %s', (status, state) => {
    expect(machineOf({ ...container, status }, null)).toMatchObject({ state });
  });

  it('says how it has ended', () => {
    const exit = { code: 137, isOutOfMemory: false, error: '', printed: '' };
    expect(describeExit(exit)).toBe('it was killed (exit code 137)');
    expect(describeExit({ ...exit, isOutOfMemory: true })).toBe('it ran out of memory (exit code 137)');
    expect(describeExit({ ...exit, code: 1, printed: 'a\n\u001b[31mno database\n' })).toMatch(
      /code 1; its last line: .*no database$/,
    );
  });

  it('has printed what its frames hold, or what there is without frames', () => {
    const frame = (text: string) => Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);
    expect(String(new Frames().push(Buffer.concat([frame('one\n'), frame('two\n')])))).toBe('one\ntwo\n');
    expect(String(new Frames().push(Buffer.from('a line without frames\n')))).toBe('a line without frames\n');
    const frames = new Frames();
    const cut = frame('cut');
    expect(Array.from(cut, (byte) => String(frames.push(Buffer.of(byte)))).join('')).toBe('cut');
  });
});
