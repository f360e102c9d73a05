import { parseCsv } from '../../src/haproxy/csv.ts';
import { ask } from '../../src/haproxy/socket.ts';
import { systemClock } from '../../src/system/clock.ts';

/** What one HAProxy counts, as `show stat` tells it. */
export interface Stat {
  readonly at: number;
  /** Of the backend: requests that HAProxy tried again, on the same server or on another one. */
  readonly retries: number;
  readonly redispatches: number;
  /** Of the backend: connections and answers that failed, whether or not another try made up for them. */
  readonly failedConnections: number;
  readonly failedResponses: number;
  readonly servers: ReadonlyMap<string, { readonly status: string; readonly answers: number }>;
}

export async function readStat(socketPath: string, backend: string, signal: AbortSignal): Promise<Stat> {
  const reply = await ask(socketPath, [['show', 'stat', '-1', '6', '-1']], systemClock, signal);
  const at = Date.now();
  const rows = parseCsv(reply).filter((row) => row.get('pxname') === backend);
  const total = rows.find((row) => row.get('svname') === 'BACKEND');
  const count = (column: string) => Number(total?.get(column) ?? 0);
  const servers = rows
    .filter((row) => row !== total)
    .map((row) => {
      const status = row.get('status') ?? '';
      return [row.get('svname') ?? '', { status, answers: Number(row.get('hrsp_2xx')) }] as const;
    });
  return {
    at,
    retries: count('wretr'),
    redispatches: count('wredis'),
    failedConnections: count('econ'),
    failedResponses: count('eresp'),
    servers: new Map(servers),
  };
}
