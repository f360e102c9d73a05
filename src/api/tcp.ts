import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { PortError } from '../ports/errors.ts';

/** Listens on a port. @returns the URL for a browser @throws PortError `Invalid` where it cannot be listened on */
export async function listenOnPort(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why =
      code === 'EADDRINUSE' ? 'another program listens there' : code === 'EACCES' ? 'this user may not' : code;
    throw new PortError(
      'Invalid',
      'cannotListen',
      `Drover cannot listen on ${host}:${port}: ${why}; choose another port with --listen`,
      {
        cause: error,
      },
    );
  }
  const { port: bound } = app.server.address() as AddressInfo;
  const name = host === '0.0.0.0' ? 'localhost' : host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${bound}`;
}
