import { createConnection } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const ANSWER_TIMEOUT_MS = 2_000;

/** A server as a running HAProxy has it, by its own word. */
export interface ServerView {
  readonly name: string;
  readonly endpoint: string;
  /** `UP`, `DOWN`, `DRAIN`, `MAINT`, perhaps with more. */
  readonly status: string;
}

/** The servers of all target groups, asked for over the runtime socket. @throws when HAProxy does not answer */
export async function haproxyServers(folder: string): Promise<readonly ServerView[]> {
  const [header = '', ...rows] = (await ask(folder, 'show stat -1 4 -1')).trim().split('\n');
  const columns = header.replace('# ', '').split(',');
  return rows.map((row) => {
    const values = row.split(',');
    const value = (column: string): string => values[columns.indexOf(column)] ?? '';
    return { name: value('svname'), endpoint: value('addr'), status: value('status') };
  });
}

/** The worker that answers on the runtime socket. @throws when there is none */
export async function haproxyWorker(folder: string): Promise<number> {
  return Number(/^Pid: (\d+)$/m.exec(await ask(folder, 'show info'))?.[1]);
}

async function ask(folder: string, command: string): Promise<string> {
  const socket = createConnection(join(folder, 'runtime.sock'));
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('HAProxy does not answer')));
  socket.write(`${command}\n`);
  const answer = await text(socket);
  if (answer.trim() === '') throw new Error(`HAProxy answered nothing to ${command}`);
  return answer;
}
