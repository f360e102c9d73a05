import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortError } from '../ports/errors.ts';
import { parseCsv } from './csv.ts';
import { parseReport } from './reading.ts';
import { parseTraffic } from './report.ts';

const INFO = 'Name: HAProxy\nVersion: 2.6.12\nPid: 4711\ndescription: drover-1\nStopping: 0\n';
const STAT = [
  '# pxname,svname,qcur,scur,status,sid,type,check_status,check_code,hrsp_5xx,req_tot,last_chk,rtime,econ,eresp,wretr,wredis,stot,',
  '127.0.0.1:5000,FRONTEND,,1,OPEN,0,0,,,3,100,,,,,,,,',
  'hello,i-1,1,2,UP,11,2,* L7OK,200,3,50,,7,4,5,6,1,52,',
  'hello,i-2,0,0,DOWN,12,2,L4CON,,0,0,"Connection ""refused"", at once",,0,0,0,0,,',
  'hello,BACKEND,4,2,UP,0,1,,,3,100,,8,4,5,6,1,102,',
  '',
].join('\n');
const STATE = [
  '1',
  '# be_id be_name srv_id srv_name srv_addr srv_admin_state srv_uweight srv_check_state srv_port',
  '3 hello 11 i-1 127.0.0.1 0 100 6 9001',
  '3 hello 12 i-2 ::1 8 50 2 9002',
  '',
].join('\n');

describe('parseReport', () => {
  it('finds what matters by the names of the columns', () => {
    const report = parseReport(`${INFO}\n${STAT}\n${STATE}\n`);
    expect(report).toMatchObject({ pid: 4711, version: '2.6.12', stopping: false, fingerprint: 'drover-1' });
    expect(report.frontends.map(({ name }) => name)).toEqual(['127.0.0.1:5000']);
    expect(report.backends.get('hello')).toMatchObject({ openRequests: 2, queuedRequests: 4, responseTimeMs: 8 });
    expect(report.servers.get('hello/i-1')).toEqual({
      backend: 'hello',
      name: 'i-1',
      id: 11,
      address: '127.0.0.1',
      port: 9001,
      checkPort: 0,
      weight: 100,
      admin: 'ready',
      checked: true,
      status: 'UP',
      check: { status: 'L7OK', code: '200', detail: '' },
      traffic: {
        ...{ openRequests: 2, queuedRequests: 1, requestsTotal: 52, responsesTotal: 50, responseTimeMs: 7 },
        ...{ errors5xxTotal: 3, connectionErrorsTotal: 4, responseErrorsTotal: 5, retriesTotal: 6 },
      },
    });
    expect(report.servers.get('hello/i-2')).toMatchObject({
      address: '::1',
      admin: 'drain',
      checked: false,
      check: { status: 'L4CON', detail: 'Connection "refused", at once' },
    });
  });

  it('refuses part of the truth', () => {
    for (const reply of ['', INFO, `${INFO}\n${STAT}\n`, `${STAT}\n${STATE}\n`, `${INFO}\n\n${STATE}\n`]) {
      expect(() => parseReport(reply)).toThrow(PortError);
    }
  });

  it('never throws anything but a PortError, whatever comes', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom(INFO, STAT, STATE, STAT.slice(0, 150), '\n'));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const reply = parts.join('\n');
        expect(() => parseTraffic(reply)).not.toThrow();
        try {
          parseReport(reply);
        } catch (error) {
          expect(error).toBeInstanceOf(PortError);
        }
      }),
    );
  });
});

describe('parseCsv', () => {
  it('reads back any text that was quoted', () => {
    const text = fc.string().map((value) => value.replace(/[\n\r]/g, ' '));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
        const [row] = parseCsv(`# a,b,c\n${quoted(a)},${quoted(b)},end\n`);
        expect(['a', 'b', 'c', 'd'].map((column) => row?.get(column))).toEqual([a, b, 'end', undefined]);
      }),
    );
  });
});
