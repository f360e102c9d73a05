import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Serial } from '../base/serial.ts';
import { Refusal } from './errors.ts';

/** Marks what is answered, so that who has it already is not sent it again, and who changes it can say what he has seen. */
export function markAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return payload;
    const tag = etagOf(payload);
    reply.header('etag', tag);
    if (!matches(request.headers['if-none-match'], tag)) return payload;
    reply.code(304).removeHeader('content-length').removeHeader('content-type');
    return '';
  });
}

/** Makes changes that depend on what is there, one at a time: nothing changes between the check and the change. */
export class ConditionalChanges {
  readonly #turn = new Serial();

  /**
   * @param ifMatch the header `If-Match`
   * @param shown what a GET of it answers now
   * @throws Refusal `preconditionFailed` where that is not what the header says
   */
  make<Answer>(ifMatch: string | undefined, shown: () => unknown, change: () => Promise<Answer>): Promise<Answer> {
    return this.#turn.run(async () => {
      if (ifMatch === undefined) return await change();
      const now = etagOf(JSON.stringify(shown()));
      if (matches(ifMatch, now)) return await change();
      throw new Refusal('preconditionFailed', `It is ${now} now: read it again, and make the change from that.`);
    });
  }
}

function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}
