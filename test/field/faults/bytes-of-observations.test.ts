/** What an observation of HAProxy asks for as the number of servers grows: counted in bytes. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Words } from '../../../src/haproxy/encoder.ts';
import { parseReport } from '../../../src/haproxy/reading.ts';
import { ReplyBuffer } from '../../../src/haproxy/reply-buffer.ts';
import type { Report } from '../../../src/haproxy/report.ts';
import { Reports } from '../../../src/haproxy/reports.ts';
import { VirtualClock } from '../../simulation/world/virtual-clock.ts';
import { propertyRuns } from '../../support/effort.ts';

const COLUMNS = [
  'pxname',
  'svname',
  'type',
  'status',
  'check_status',
  'check_code',
  'last_chk',
  'scur',
  'qcur',
  'req_tot',
];
/** As many as HAProxy's own, so that a row of `show stat` is as long as it is there; an age and a text that nobody asks for among them. */
const FILLERS = ['lastchg', 'last_agt', ...Array.from({ length: 88 }, (_, index) => `filler_${index}`)];
const STATE_COLUMNS =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change ' +
  'srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id ' +
  'srv_fqdn srv_port srvrecord';
const READY = 0;
const DRAIN = 8;

interface Server {
  readonly name: string;
  readonly admin: number;
  readonly status: string;
  readonly open: number;
  readonly age: number;
  readonly isBeingChecked: boolean;
}

const server = (name: string): Server => ({
  name,
  ...{ admin: READY, status: 'UP', open: 0, age: 9, isBeingChecked: false },
});

/** Answers as HAProxy does, from a list of servers that a test changes. */
class FakeHaproxy {
  readonly clock = new VirtualClock();
  readonly reports = new Reports(
    async (commands, _signal, into = new ReplyBuffer()) => {
      into.clear();
      into.add(this.#answer(commands));
      return into.reply;
    },
    this.clock,
    () => this.heard,
  );
  /** How many transitions were heard of; null while nobody listens. */
  heard: number | null = null;
  servers: readonly Server[];
  pid = 100;
  requests = 0;
  bytes = 0;

  constructor(servers: readonly Server[]) {
    this.servers = servers;
  }

  async observe(): Promise<Report> {
    const seen = this.reports.observe(new AbortController().signal);
    let isDone = false;
    void seen.finally(() => {
      isDone = true;
    });
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return seen;
      await this.clock.advance();
    }
  }

  /** What one observation of all of it would say. */
  whole(): Report {
    return parseReport(
      this.#say([
        ['show', 'info'],
        ['show', 'stat', '-1', '7', '-1'],
        ['show', 'servers', 'state'],
      ]),
    );
  }

  /** A second goes by: what tells of time alone is no news. */
  async pass(): Promise<void> {
    this.clock.plan(1_000, () => {});
    const until = this.clock.elapsedMs + 1_000;
    while (this.clock.elapsedMs < until) await this.clock.advance();
    this.servers = this.servers.map((one, index) => ({
      ...one,
      age: one.age + 1,
      isBeingChecked: (index + this.requests) % 7 === 0,
    }));
  }

  #answer(commands: readonly Words[]): Buffer {
    const reply = Buffer.from(this.#say(commands));
    this.requests += 1;
    this.bytes += reply.length;
    return reply;
  }

  #say(commands: readonly Words[]): string {
    return commands.map((words) => `${this.#one(words)}\n\n`).join('');
  }

  #one([, what, backend, type, id]: Words): string {
    if (what === 'info') return `Name: HAProxy\nVersion: 2.6.12\nPid: ${this.pid}\ndescription: x\nStopping: 0`;
    if (what === 'servers') {
      const rows = this.servers.map((one, index) => {
        const isUp = one.status === 'UP';
        return [
          ...[3, 'many', idOf(one), one.name, `127.0.${index >> 8}.${index & 255}`, isUp ? 2 : 0, one.admin, 100, 100],
          ...[one.age, isUp ? 15 : 8, 3, isUp ? 4 : 0, one.isBeingChecked ? 7 : 6, 0, 0, 1, '-', 80, '-'],
        ].join(' ');
      });
      return ['1', `# ${STATE_COLUMNS}`, ...rows].join('\n');
    }
    const row = (values: readonly (string | number)[], age = 0) =>
      [...values, age, '"none, yet"', ...FILLERS.slice(2).map(() => '0'), ''].join();
    const wants = Number(type);
    const all = backend === '-1';
    const rows = [
      ...((wants & 1) !== 0 ? [row(['127.0.0.1:80', 'FRONTEND', 0, 'OPEN', '', '', '', 0, 0, 7])] : []),
      ...this.servers
        .filter((one) => (wants & 4) !== 0 && (all || idOf(one) === id))
        .map((one) => {
          const check = one.isBeingChecked ? '* L7OK' : 'L7OK';
          return row(['many', one.name, 2, one.status, check, 200, '"a, ""b"""', one.open, 0, one.open], one.age);
        }),
      ...((wants & 2) !== 0 ? [row(['many', 'BACKEND', 1, 'UP', '', '', '', this.servers.length, 0, 7])] : []),
    ];
    return [`# ${[...COLUMNS, ...FILLERS].join()},`, ...rows].join('\n');
  }
}

function idOf({ name }: Server): string {
  return `${Number(name.slice(2)) + 1}`;
}

function many(count: number): readonly Server[] {
  return Array.from({ length: count }, (_, index) => server(`i-${index}`));
}

describe('an observation of HAProxy', () => {
  it('asks for a fraction of it while nothing happens, and says that nothing has', async () => {
    const haproxy = new FakeHaproxy(many(2_000));
    const first = await haproxy.observe();
    const whole = haproxy.bytes;
    haproxy.bytes = 0;
    await haproxy.pass();
    const second = await haproxy.observe();
    expect(haproxy.bytes).toBeLessThan(whole / 2);
    expect(second.servers).toBe(first.servers);
    expect(second).toEqual(haproxy.whole());
  });

  it('asks for no server while all are up and nothing was heard of', async () => {
    const haproxy = new FakeHaproxy(many(2_000));
    haproxy.heard = 1;
    const first = await haproxy.observe();
    const whole = haproxy.bytes;
    haproxy.bytes = 0;
    for (let second = 0; second < 4; second += 1) {
      await haproxy.pass();
      const next = await haproxy.observe();
      expect(next.servers).toBe(first.servers);
      expect(next).toEqual(haproxy.whole());
    }
    expect(haproxy.bytes).toBeLessThan(whole / 100);
  });

  it('sees at once what was heard of', async () => {
    const haproxy = new FakeHaproxy(many(500));
    haproxy.heard = 1;
    await haproxy.observe();
    await haproxy.pass();
    haproxy.servers = haproxy.servers.map((one, index) => (index === 7 ? { ...one, status: 'DOWN' } : one));
    haproxy.heard = 2;
    expect((await haproxy.observe()).servers.get('many/i-7')).toMatchObject({ status: 'DOWN' });
  });

  it.each([
    ['while nobody listens', null, server('i-1')],
    ['while a server is down, whose checks say why', 1, { ...server('i-1'), status: 'DOWN' }],
    ['while a server is drained', 1, { ...server('i-1'), admin: DRAIN }],
  ])('asks for the states of all %s', async (_, heard, one) => {
    const haproxy = new FakeHaproxy([...many(500), { ...one, name: 'i-1000' }]);
    haproxy.heard = heard;
    await haproxy.observe();
    await haproxy.pass();
    haproxy.servers = haproxy.servers.map((each, index) => (index === 7 ? { ...each, status: 'DOWN' } : each));
    expect((await haproxy.observe()).servers.get('many/i-7')).toMatchObject({ status: 'DOWN' });
  });

  it('sees within five seconds what nobody has told of', async () => {
    const haproxy = new FakeHaproxy(many(500));
    haproxy.heard = 1;
    await haproxy.observe();
    haproxy.servers = haproxy.servers.map((one, index) => (index === 7 ? { ...one, status: 'DOWN' } : one));
    for (let second = 0; second < 5; second += 1) await haproxy.pass();
    expect((await haproxy.observe()).servers.get('many/i-7')).toMatchObject({ status: 'DOWN' });
  });

  it('asks for the statistics of those that have changed, and keeps what it knows of the others', async () => {
    const haproxy = new FakeHaproxy(many(2_000));
    const first = await haproxy.observe();
    await haproxy.pass();
    haproxy.bytes = 0;
    haproxy.servers = haproxy.servers.map((one, index) => (index === 7 ? { ...one, status: 'DOWN' } : one));
    const second = await haproxy.observe();
    expect(second.servers.get('many/i-7')).toMatchObject({ status: 'DOWN' });
    expect(second.servers.get('many/i-8')).toBe(first.servers.get('many/i-8'));
    expect(haproxy.requests).toBe(3);
  });

  it('asks for the requests of those that are drained at each observation', async () => {
    const haproxy = new FakeHaproxy(many(500));
    haproxy.servers = haproxy.servers.map((one, index) => (index === 7 ? { ...one, admin: DRAIN, open: 5 } : one));
    await haproxy.observe();
    for (const open of [4, 2, 0]) {
      await haproxy.pass();
      haproxy.servers = haproxy.servers.map((one, index) => (index === 7 ? { ...one, open } : one));
      expect((await haproxy.observe()).servers.get('many/i-7')?.traffic.openRequests).toBe(open);
    }
  });

  it('reads all statistics now and then, and at each observation where there are few', async () => {
    for (const [count, seconds] of [
      [500, 11],
      [50, 1],
    ] as const) {
      const haproxy = new FakeHaproxy(many(count));
      await haproxy.observe();
      haproxy.servers = haproxy.servers.map((one) => ({ ...one, open: 3 }));
      for (let second = 0; second < seconds; second += 1) await haproxy.pass();
      expect((await haproxy.observe()).servers.get('many/i-7')?.traffic.openRequests).toBe(3);
    }
  });

  it('makes nothing anew of statistics that say what they said, whatever time has gone by', async () => {
    const haproxy = new FakeHaproxy(many(500));
    const first = await haproxy.observe();
    for (let second = 0; second < 100; second += 1) {
      await haproxy.pass();
      expect((await haproxy.observe()).servers).toBe(first.servers);
    }
  });

  it('sees each new request of any server when all statistics are asked for', async () => {
    const haproxy = new FakeHaproxy(many(500));
    const first = await haproxy.observe();
    for (let count = 1; count <= 12; count += 1) {
      for (let second = 0; second < 5; second += 1) await haproxy.pass();
      haproxy.servers = haproxy.servers.map((one, index) => (index === count ? { ...one, open: count } : one));
      const { servers } = await haproxy.observe();
      expect(servers).toEqual(haproxy.whole().servers);
      expect(servers.get('many/i-0')).toBe(first.servers.get('many/i-0'));
    }
  });

  it('begins anew with another worker', async () => {
    const haproxy = new FakeHaproxy(many(500));
    await haproxy.observe();
    haproxy.pid = 101;
    haproxy.servers = haproxy.servers.map((one) => ({ ...one, open: 3 }));
    const seen = await haproxy.observe();
    expect(seen).toEqual(haproxy.whole());
  });

  it('sees what one observation of all of it would see, whoever comes, goes and changes', async () => {
    const change = fc.oneof(
      fc.record({ kind: fc.constant('remove' as const), at: fc.nat(), count: fc.nat({ max: 200 }) }),
      fc.record({ kind: fc.constant('add' as const), at: fc.nat(), count: fc.nat({ max: 200 }) }),
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), count: fc.nat({ max: 200 }) }),
      fc.record({ kind: fc.constant('drain' as const), at: fc.nat(), count: fc.nat({ max: 20 }) }),
      fc.record({ kind: fc.constant('swap' as const), at: fc.nat(), count: fc.nat({ max: 20 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 6 }), async (rounds) => {
        const haproxy = new FakeHaproxy(many(400));
        haproxy.heard = 0;
        let named = 400;
        await haproxy.observe();
        for (const changes of rounds) {
          // Of three observations, one asks for everything.
          for (let second = 0; second < 2; second += 1) await haproxy.pass();
          for (const { kind, at, count } of changes) {
            const servers = [...haproxy.servers];
            const from = at % (servers.length + 1);
            const some = servers.slice(from, from + count);
            const newcomers = () => Array.from({ length: count }, () => server(`i-${named++}`));
            const instead = {
              remove: () => [],
              add: () => [...newcomers(), ...some],
              flip: () => some.map((one) => ({ ...one, status: one.status === 'UP' ? 'DOWN' : 'UP' })),
              drain: () => some.map((one) => ({ ...one, admin: DRAIN, open: one.open + 1 })),
              swap: () => some.toReversed(),
            }[kind]();
            servers.splice(from, some.length, ...instead);
            haproxy.servers = servers;
            haproxy.heard += 1;
          }
          const seen = await haproxy.observe();
          const whole = haproxy.whole();
          expect([...seen.servers]).toEqual([...whole.servers]);
          expect(seen.backends).toEqual(whole.backends);
          expect(seen.frontends).toEqual(whole.frontends);
        }
      }),
      propertyRuns(30),
    );
  });
});
