/** The process behind the simulated machines: it answers every health check, on whatever loopback address it comes. */

import { once } from 'node:events';
import { createServer } from 'node:net';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n';

const [port = 0] = process.argv.slice(2).map(Number);
const server = createServer((socket) => {
  // One socket for all addresses, so that there can be ten thousand of them; none of them is for others.
  if (socket.localAddress?.startsWith('127.') !== true) socket.destroy();
  socket.on('data', () => socket.end(ANSWER)).on('error', () => undefined);
});
server.listen({ port, host: '0.0.0.0', backlog: 4_096 });
await once(server, 'listening');
process.on('disconnect', () => process.exit()).on('SIGINT', () => undefined);
process.send?.('listening');
