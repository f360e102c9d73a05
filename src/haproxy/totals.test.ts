import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../test/haproxy-samples.ts';
import { NO_TRAFFIC, type Traffic } from '../model/observation.ts';
import type { Report } from './report.ts';
import { type Accounts, NO_ACCOUNTS, NO_OLD_WORKERS, type OldWorkers, total, type WorkerTraffic } from './totals.ts';

const KEY = 'hello/i-1';

function traffic(change: Partial<Traffic>): Traffic {
  return { ...NO_TRAFFIC, ...change };
}

/** The present worker, whose one server and its backend have the same traffic. */
function present(pid: number, change: Partial<Traffic>): Report {
  const all = traffic(change);
  return { ...sampleReport({ traffic: all }), pid, backends: new Map([['hello', all]]) };
}

function worker(pid: number, change: Partial<Traffic>): WorkerTraffic {
  return { pid, backends: new Map([['hello', traffic(change)]]), servers: new Map([[KEY, traffic(change)]]) };
}

function old(...workers: readonly WorkerTraffic[]): OldWorkers {
  return { ...NO_OLD_WORKERS, workers };
}

/** What the reports come to, one after the other. */
function totals(reports: readonly (readonly [Report, OldWorkers])[], change: (one: Traffic) => unknown): unknown[] {
  let accounts: Accounts = NO_ACCOUNTS;
  return reports.map(([report, others]) => {
    const sum = total(report, others, accounts);
    accounts = sum.accounts;
    const server = sum.report.servers.get(KEY)?.traffic ?? NO_TRAFFIC;
    const backend = sum.report.backends.get('hello') ?? NO_TRAFFIC;
    expect(change(server)).toEqual(change(backend));
    return change(backend);
  });
}

describe('total', () => {
  it('counts what is open in all workers', () => {
    const reports = [
      [present(1, { openRequests: 40 }), NO_OLD_WORKERS],
      [present(2, { openRequests: 0 }), old(worker(1, { openRequests: 40 }))],
      [present(3, { openRequests: 2 }), old(worker(1, { openRequests: 39 }), worker(2, { openRequests: 1 }))],
      [present(3, { openRequests: 3 }), NO_OLD_WORKERS],
    ] as const;
    expect(totals(reports, ({ openRequests }) => openRequests)).toEqual([40, 40, 42, 3]);
  });

  it('never lets a counter fall, whichever worker goes', () => {
    const reports = [
      [present(1, { requestsTotal: 100, errors5xxTotal: 5 }), NO_OLD_WORKERS],
      [present(2, { requestsTotal: 3 }), old(worker(1, { requestsTotal: 104, errors5xxTotal: 6 }))],
      [present(2, { requestsTotal: 9 }), NO_OLD_WORKERS],
      // It died, and another one was started.
      [present(7, { requestsTotal: 1 }), NO_OLD_WORKERS],
      [present(7, { requestsTotal: 4 }), NO_OLD_WORKERS],
    ] as const;
    expect(totals(reports, ({ requestsTotal, errors5xxTotal }) => [requestsTotal, errors5xxTotal])).toEqual([
      [100, 5],
      [107, 6],
      [113, 6],
      [114, 6],
      [117, 6],
    ]);
  });

  it('goes on with the last word of a worker that does not answer', () => {
    const silent: OldWorkers = { ...NO_OLD_WORKERS, silent: [1], missing: 'pid 1 does not answer' };
    const reports = [
      [present(1, { requestsTotal: 100, openRequests: 4 }), NO_OLD_WORKERS],
      [present(2, { requestsTotal: 3 }), silent],
      [present(2, { requestsTotal: 5 }), old(worker(1, { requestsTotal: 101, openRequests: 3 }))],
    ] as const;
    expect(totals(reports, ({ requestsTotal, openRequests }) => [requestsTotal, openRequests])).toEqual([
      [100, 4],
      [103, 4],
      [106, 3],
    ]);
  });

  it('takes the past of a worker that shows up late for no burst', () => {
    const reports = [
      [present(2, { requestsTotal: 10 }), { ...NO_OLD_WORKERS, missing: 'the master does not answer' }],
      [present(2, { requestsTotal: 11 }), old(worker(1, { requestsTotal: 90_000, openRequests: 1 }))],
      [present(2, { requestsTotal: 11 }), old(worker(1, { requestsTotal: 90_002 }))],
      [present(2, { requestsTotal: 12 }), NO_OLD_WORKERS],
    ] as const;
    expect(totals(reports, ({ requestsTotal }) => requestsTotal)).toEqual([10, 11, 13, 14]);
  });

  it('tells the response time of those that answer', () => {
    const reports = [
      [present(1, { responsesTotal: 1_000, responseTimeMs: 50 }), NO_OLD_WORKERS],
      [present(2, { responsesTotal: 0 }), old(worker(1, { responsesTotal: 1_000, responseTimeMs: 50 }))],
      [
        present(2, { responsesTotal: 3, responseTimeMs: 10 }),
        old(worker(1, { responsesTotal: 1_001, responseTimeMs: 90 })),
      ],
      [
        present(2, { responsesTotal: 5, responseTimeMs: 10 }),
        old(worker(1, { responsesTotal: 1_001, responseTimeMs: 90 })),
      ],
    ] as const;
    expect(totals(reports, ({ responseTimeMs }) => responseTimeMs)).toEqual([50, 50, 30, 10]);
  });

  it('names servers that only an old worker still serves', () => {
    const gone = new Map([
      ['hello/i-0', traffic({ openRequests: 2 })],
      ['hello/i-2', traffic({ openRequests: 0 })],
    ]);
    const { forgotten } = total(present(2, {}), old({ ...worker(1, {}), servers: gone }), NO_ACCOUNTS);
    expect([...forgotten]).toEqual([['hello/i-0', traffic({ openRequests: 2 })]]);
  });
});
