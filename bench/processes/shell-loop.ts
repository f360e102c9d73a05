/**
 * The process of a `ShellLoop`: how fleets behind HAProxy have been kept alive for long. Every 10 s `show stat` from the socket,
 * the CSV into SQLite, and what is DOWN restarted one after the other. As a Node process, without nc, sqlite3 and a service
 * manager, it is as quick as such a loop can be.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { parseCsv } from '../../src/haproxy/csv.ts';
import { ask } from '../../src/haproxy/socket.ts';
import { systemClock } from '../../src/system/clock.ts';
import { endHello, spawnHello, untilHealthy } from '../support/hello.ts';
import type { ShellLoopPlan, ShellLoopReport } from '../support/static-fleet.ts';

const { socketPath, database, servers, everyMs } = JSON.parse(process.argv[2] ?? '') as ShellLoopPlan;
const db = new DatabaseSync(database);
const running = new Map<string, ChildProcess>();

function end(): never {
  for (const child of running.values()) child.kill('SIGKILL');
  process.exit();
}
// The servers are its owner's, who also decides what Ctrl-C means.
process.on('disconnect', end).on('SIGINT', () => undefined);

function tell(report: ShellLoopReport): void {
  process.send?.(report);
}

async function restart(name: string, port: number): Promise<void> {
  const remains = running.get(name);
  if (remains !== undefined) await endHello(remains);
  const child = spawnHello(port);
  running.set(name, child);
  await untilHealthy(child, port);
  tell({ kind: 'started', name, pid: child.pid ?? 0 });
}

/** As `.import --csv` does it. */
function importCsv(csv: string): void {
  const rows = parseCsv(csv);
  const columns = csv
    .slice('# '.length, csv.indexOf('\n'))
    .split(',')
    .filter((column) => column !== '');
  db.exec('DROP TABLE IF EXISTS stat');
  db.exec(`CREATE TABLE stat (${columns.map((column) => `"${column}" TEXT`).join()})`);
  const insert = db.prepare(`INSERT INTO stat VALUES (${columns.map(() => '?').join()})`);
  db.exec('BEGIN');
  for (const row of rows) insert.run(...columns.map((column) => row.get(column) ?? ''));
  db.exec('COMMIT');
}

for (const { name, port } of servers) await restart(name, port);
await once(process, 'message');
for (;;) {
  importCsv(await ask(socketPath, [['show', 'stat']], systemClock, new AbortController().signal));
  const down = db.prepare(`SELECT svname FROM stat WHERE type = '2' AND status LIKE 'DOWN%'`).all();
  for (const { name, port } of servers) {
    if (down.some(({ svname }) => svname === name)) await restart(name, port);
  }
  tell({ kind: 'sleeping' });
  await delay(everyMs);
}
