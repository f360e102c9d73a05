/** The process behind the simulated machines: one server that answers every health check on all their addresses. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { addressOf } from '../support/simulated-provider.ts';

const [count = 0, port = 0] = process.argv.slice(2).map(Number);
for (let index = 0; index < count; index += 1) {
  const server = createServer((_, response) => response.end('ok\n'));
  server.listen(port, addressOf(index));
  await once(server, 'listening');
}
process.on('disconnect', () => process.exit()).on('SIGINT', () => undefined);
process.send?.('listening');
