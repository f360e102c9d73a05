import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleMember, sampleState } from '../../test/haproxy-samples.ts';
import { parseStateFile, renderStateFile } from './state-file.ts';

const members = [
  sampleMember('up'),
  sampleMember('new', { endpoint: { address: '127.0.0.1', port: 9002 } }),
  sampleMember('leaving', { state: 'draining', endpoint: { address: '::1', port: 9003 } }),
  sampleMember('moved', { endpoint: { address: '127.0.0.1', port: 9004 } }),
];
const ids = new Map(members.map(({ instanceId }, index) => [`hello/${instanceId}`, index + 1]));
const healthy = new Map([
  ['hello/up', '127.0.0.1:9001'],
  ['hello/leaving', '[::1]:9003'],
  ['hello/moved', '127.0.0.1:1'],
]);

describe('the server state file', () => {
  it('starts healthy servers up, draining ones in drain, new and moved ones down', () => {
    expect(renderStateFile(sampleState(members), ids, healthy).split('\n').slice(2)).toEqual([
      '0 hello 1 up 127.0.0.1 2 0 100 100 0 15 3 4 6 0 0 1 - 9001 - 0 0 - - 0',
      '0 hello 2 new 127.0.0.1 0 0 100 100 0 1 2 0 6 0 0 1 - 9002 - 0 0 - - 0',
      '0 hello 3 leaving ::1 2 8 100 100 0 15 3 4 6 0 0 1 - 9003 - 0 0 - - 0',
      '0 hello 4 moved 127.0.0.1 0 0 100 100 0 1 2 0 6 0 0 1 - 9004 - 0 0 - - 0',
      '',
    ]);
  });

  it('is read back by the next controller', () => {
    const text = renderStateFile(sampleState(members), ids, healthy);
    expect(parseStateFile(text)).toEqual(new Map([...healthy].filter(([key]) => key !== 'hello/moved')));
  });

  it('tells nobody healthy when it is damaged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect([...parseStateFile(text).values()]).toEqual([]);
      }),
    );
  });
});
