/** The process of a `Load`: clients that send requests at a steady pace and account for every single one. */

import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Failure, FailureKind, LoadPlan, LoadReport } from '../support/load.ts';

const REQUEST_TIMEOUT_MS = 30_000;
const REPORT_EVERY_MS = 100;
const MAX_FAILURES_REPORTED = 1_000;

class Unanswered extends Error {
  readonly kind: FailureKind;
  constructor(kind: FailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Resolves for a complete answer with status 200, and for nothing else. Nothing is repeated. */
function ask(url: string, agent: Agent | false): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent }, (response) => {
      const { statusCode } = response;
      response.on('error', (error) => reject(new Unanswered('broken answer', error.message)));
      response.on('end', () => {
        if (!response.complete) reject(new Unanswered('broken answer', 'the answer ended too soon'));
        else if (statusCode !== 200) reject(new Unanswered('not 200', `status ${statusCode}`));
        else resolve();
      });
      response.resume();
    });
    call.setTimeout(REQUEST_TIMEOUT_MS, () => call.destroy(new Unanswered('timeout', 'no answer in time')));
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof Unanswered) reject(error);
      else reject(new Unanswered(error.code === 'ECONNRESET' ? 'reset' : 'not connected', error.message));
    });
    call.end();
  });
}

let stopped = false;
let requests = 0;
let failed = 0;
let fresh: Failure[] = [];

async function client({ url, newConnections, everyMs }: LoadPlan[number], offsetMs: number): Promise<void> {
  const agent = newConnections ? false : new Agent({ keepAlive: true, maxSockets: 1 });
  let due = performance.now() + offsetMs;
  while (!stopped) {
    const waitMs = due - performance.now();
    if (waitMs > 0) await delay(waitMs);
    // Who was held up does not make up for it: the pace stays what it is.
    due = Math.max(due + everyMs, performance.now());
    requests += 1;
    try {
      await ask(url, agent);
    } catch (error) {
      failed += 1;
      const kind = error instanceof Unanswered ? error.kind : 'not connected';
      if (fresh.length < MAX_FAILURES_REPORTED) fresh.push({ at: Date.now(), kind, message: String(error), url });
    }
  }
  if (agent !== false) agent.destroy();
}

function report(done: boolean): void {
  const message: LoadReport = { requests, failed, failures: fresh, done };
  fresh = [];
  process.send?.(message);
}

const plan = JSON.parse(process.argv[2] ?? '[]') as LoadPlan;
process.on('message', () => {
  stopped = true;
});
// Its owner is gone: nobody wants the answers any more. On Ctrl-C it is the owner who decides.
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);
const reporting = setInterval(() => report(false), REPORT_EVERY_MS);
await Promise.all(
  plan.flatMap((kind) =>
    Array.from({ length: kind.clients }, (_, index) => client(kind, (kind.everyMs * index) / kind.clients)),
  ),
);
clearInterval(reporting);
report(true);
process.disconnect?.();
