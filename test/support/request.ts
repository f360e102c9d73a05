import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Request {
  readonly port: number;
  readonly path?: string;
  /** Names and values in turn, also one name several times. */
  readonly headers?: readonly string[];
  /** Of this host, as if it were another one: `127.0.0.2`. */
  readonly from?: string;
}

/** One request on a connection of its own. */
export async function ask({ port, path = '/', headers = [], from = '127.0.0.1' }: Request): Promise<Answer> {
  const whole = ['Host', `127.0.0.1:${port}`, 'Connection', 'close', ...headers];
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    headers: whole,
    localAddress: from,
    agent: false,
    maxHeaderSize: 65_536,
  }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}
