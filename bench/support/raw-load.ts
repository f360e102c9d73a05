import { connect } from 'node:net';

/** `kept`: each client goes on on its connection; `new`: each request has one of its own, which the client asks to be closed. */
export type Connections = 'kept' | 'new';

const HEADS: Readonly<Record<Connections, Buffer>> = { kept: head(''), new: head('Connection: close\r\n') };
const HEAD_END = '\r\n\r\n';
const BODY = 'hello';

/**
 * So many requests from so many clients at a time, each of which waits for its answer.
 * @throws Error for any answer that is not the server's
 */
export async function sendRequests(
  port: number,
  connections: Connections,
  clients: number,
  requests: number,
  signal: AbortSignal,
): Promise<void> {
  let left = requests;
  const take = (): boolean => {
    left -= 1;
    return left >= 0 && !signal.aborted;
  };
  await Promise.all(
    Array.from({ length: clients }, async () => {
      if (connections === 'kept') await client(port, 'kept', take);
      else while (take()) await client(port, 'new', once());
    }),
  );
}

/** Sends on one connection for as long as there is something to send. */
function client(port: number, connections: Connections, more: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let answer = '';
    let isDone = false;
    const send = (): void => {
      if (more()) socket.write(HEADS[connections]);
      else {
        isDone = true;
        socket.end();
      }
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.includes(HEAD_END) || !answer.endsWith(BODY)) return;
      if (!answer.startsWith('HTTP/1.1 200 ')) socket.destroy(new Error(`an answer was ${answer.slice(0, 40)}`));
      answer = '';
      send();
    });
    socket.on('error', reject);
    socket.on('close', () => (isDone ? resolve() : reject(new Error('a connection ended before its answer'))));
  });
}

function once(): () => boolean {
  let isFirst = true;
  return () => {
    const was = isFirst;
    isFirst = false;
    return was;
  };
}

/** As a browser sends it, in size. */
function head(more: string): Buffer {
  return Buffer.from(
    'GET /index.html HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n' +
      'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n' +
      `Accept-Encoding: gzip, deflate, br\r\nCookie: session=0123456789abcdef\r\n${more}\r\n`,
  );
}
