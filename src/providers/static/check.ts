/** Three ways of asking a host whether something there works. */

import { connect } from 'node:net';
import { z } from 'zod';
import { reasonOf } from '../../base/quoted.ts';
import { commandSchema } from '../../settings/command.ts';
import { httpPathSchema, portSchema } from '../../settings/fields.ts';

const httpCheck = z.strictObject({ http: z.strictObject({ port: portSchema, path: httpPathSchema.default('/') }) });
const tcpCheck = z.strictObject({ tcp: portSchema });

/** A command that is run on the host, or what Drover itself asks at the host's address. */
export const checkSettings = z.union([z.array(z.string()), tcpCheck, httpCheck]);
export type Check = z.infer<typeof checkSettings>;
/** A check that needs no shell on the host. */
export type CheckFromOutside = Exclude<Check, readonly string[]>;

/** A check as a person writes it. */
export function checkSchema() {
  return z.union([
    commandSchema(),
    tcpCheck.describe('Passes where something listens at the port.'),
    httpCheck.describe('Passes where the answer has a status from 200 to 399.'),
  ]);
}

/** Whether the check is one that Drover itself carries out. */
export function isFromOutside(check: Check): check is CheckFromOutside {
  return !Array.isArray(check);
}

/** Asks once, until the signal ends it. @returns why it fails; null where it passes */
export async function whyRefused(
  check: CheckFromOutside,
  address: string,
  signal: AbortSignal,
): Promise<string | null> {
  return 'tcp' in check
    ? await whyNotConnected(address, check.tcp, signal)
    : await whyNotAnswered(address, check.http, signal);
}

function whyNotConnected(host: string, port: number, signal: AbortSignal): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({ host, port, signal });
  socket.once('connect', () => resolve(null));
  socket.once('error', (error) =>
    resolve(`port ${port} ${signal.aborted ? 'does not answer in time' : `is not reached: ${reasonOf(error)}`}`),
  );
  return promise.finally(() => socket.destroy());
}

async function whyNotAnswered(
  address: string,
  { port, path }: { readonly port: number; readonly path: string },
  signal: AbortSignal,
): Promise<string | null> {
  const host = address.includes(':') ? `[${address}]` : address;
  const url = `http://${host}:${port}${path}`;
  try {
    // Loaded here: commands that only read a fleet file do without it.
    const { request } = await import('undici');
    const { statusCode, body } = await request(url, { signal, reset: true });
    body.on('error', () => {}).destroy();
    return statusCode >= 200 && statusCode < 400 ? null : `${url} answers ${statusCode}`;
  } catch (error) {
    return `${url} ${signal.aborted ? 'does not answer in time' : `is not reached: ${reasonOf(error)}`}`;
  }
}
