/**
 * A server to try things with: says which one it is.
 *
 *   /            Hello from <instance id>
 *   /health      200 as long as it accepts requests
 *   /slow?ms=N   answers after N milliseconds
 *
 * SIGTERM closes the listener; open requests are answered, then the process exits.
 */

import { createServer } from 'node:http';
import process from 'node:process';

const SLOW_MAX_MS = 600_000;
// Longer than a load balancer keeps idle connections, so that it is never this side that closes one just as a request comes.
const KEEP_ALIVE_TIMEOUT_MS = 120_000;

const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8080);
const name = process.env.DROVER_INSTANCE_ID ?? `pid ${process.pid}`;

let closing = false;

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, (request, response) => {
  const url = new URL(request.url ?? '/', 'http://hello');
  switch (url.pathname) {
    case '/':
      return answer(response, 200, `Hello from ${name}\n`);
    case '/health':
      return answer(response, 200, 'ok\n');
    case '/slow': {
      const delayMs = Math.min(Math.max(Number(url.searchParams.get('ms') ?? 1000) || 0, 0), SLOW_MAX_MS);
      const timer = setTimeout(() => answer(response, 200, `Hello from ${name}, after ${delayMs} ms\n`), delayMs);
      response.once('close', () => clearTimeout(timer));
      return;
    }
    default:
      return answer(response, 404, 'Try /, /health or /slow?ms=1000\n');
  }
});

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {string} text
 */
function answer(response, status, text) {
  // Once the listener is closed, no connection is kept for another request.
  if (closing) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

function close() {
  closing = true;
  server.close(() => process.exit(0));
}

process.once('SIGTERM', close);
process.once('SIGINT', close);

server.listen(port, host, () => console.log(`${name} listens on http://${host}:${port}`));
