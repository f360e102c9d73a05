import { z } from 'zod';
import type { Clock } from '../../ports/clock.ts';
import { Following } from '../following.ts';
import type { IncusClient } from './client.ts';

const RESTART = { minMs: 1_000, maxMs: 60_000 };

const eventSchema = z.object({ metadata: z.object({ name: z.string() }) });

/** Follows what happens to instances, by the server's events. */
export function followEvents(
  client: IncusClient,
  clock: Clock,
  isOwn: (name: string) => boolean,
  onEvent: () => void,
): Following {
  const follow = async (signal: AbortSignal, onConnected: () => void): Promise<void> => {
    const socket = await client.events('lifecycle');
    const { promise, resolve } = Promise.withResolvers<void>();
    const onClose = () => {
      socket.close();
      resolve();
    };
    signal.addEventListener('abort', onClose, { once: true });
    if (signal.aborted) onClose();
    socket.addEventListener('open', onConnected);
    socket.addEventListener('message', ({ data }) => {
      const name = nameIn(String(data));
      if (name !== null && isOwn(name)) onEvent();
    });
    socket.addEventListener('error', () => resolve());
    socket.addEventListener('close', () => resolve());
    await promise;
    signal.removeEventListener('abort', onClose);
  };
  return new Following(follow, { where: client.where, clock, wait: RESTART });
}

/** The instance that an event is about; null for any other event. */
function nameIn(text: string): string | null {
  let event: unknown = null;
  try {
    event = JSON.parse(text);
  } catch {
    // Nothing that Drover waits for.
  }
  const parsed = eventSchema.safeParse(event);
  return parsed.success ? parsed.data.metadata.name : null;
}
