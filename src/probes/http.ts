import { Agent, request } from 'undici';
import { reasonOf } from '../base/quoted.ts';
import { isNetworkError } from '../base/system-error.ts';
import { healthCheckHeaders, matchesStatus } from '../model/health-check.ts';
import type { Probe } from '../ports/probe.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** Sends a server the very request that its load balancer sends it. */
export const httpProbe: Probe = {
  check: async ({ address, port }, healthCheck, signal) => {
    const { method, path, matcher, timeoutMs } = healthCheck;
    const host = address.includes(':') ? `[${address}]` : address;
    const dispatcher = new Agent({ connect: { timeout: timeoutMs }, maxResponseSize: MAX_BODY_BYTES });
    try {
      const { statusCode, body } = await request(`http://${host}:${port}${path}`, {
        dispatcher,
        signal,
        method,
        headers: healthCheckHeaders(healthCheck).flatMap(({ name, value }) => [name, value]),
        // On a connection of its own, as the load balancer does.
        reset: true,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      body.on('error', () => {}).destroy();
      return { healthy: matchesStatus(matcher, statusCode), answered: true, detail: `answered ${statusCode}` };
    } catch (error) {
      if (!isNetworkError(error)) throw error;
      return { healthy: false, answered: false, detail: reasonOf(error) || 'no answer' };
    } finally {
      await dispatcher.destroy();
    }
  },
};
