import { Agent, request } from 'undici';
import { matchesStatus } from '../model/health-check.ts';
import type { Probe } from '../ports/probe.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** Asks a server over HTTP what its load balancer asks it, on a connection of its own. */
export const httpProbe: Probe = {
  check: async ({ address, port }, { path, matcher, timeoutMs }, signal) => {
    const host = address.includes(':') ? `[${address}]` : address;
    const dispatcher = new Agent({ connect: { timeout: timeoutMs }, maxResponseSize: MAX_BODY_BYTES });
    try {
      const { statusCode, body } = await request(`http://${host}:${port}${path}`, {
        dispatcher,
        signal,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      body.on('error', () => {}).destroy();
      return { healthy: matchesStatus(matcher, statusCode), detail: `HTTP ${statusCode}` };
    } catch (error) {
      return { healthy: false, detail: error instanceof Error ? error.message : 'no answer' };
    } finally {
      await dispatcher.destroy();
    }
  },
};
