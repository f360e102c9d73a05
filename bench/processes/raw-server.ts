/** A server that costs next to nothing: it counts the ends of heads and answers each with the same bytes. Ends with its parent. */

import { createServer } from 'node:net';

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello');
const HEAD_END = '\r\n\r\n';

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const heads = `${rest}${chunk.toString('latin1')}`.split(HEAD_END);
    rest = heads.pop() ?? '';
    for (const _ of heads) socket.write(ANSWER);
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.(address?.port);
});
process.on('disconnect', () => process.exit());
