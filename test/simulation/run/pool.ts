import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Counts, Tally } from './tally.ts';

/** Seeds that a worker lives through before it asks for more. */
const BATCH = 25;
const MAX_WORKERS = 16;

/** What a worker is sent, and what it sends back. */
export interface Batch {
  readonly first: number;
  readonly count: number;
}

export interface PoolOptions {
  readonly first: number;
  readonly count: number;
  readonly onFailure: (text: string) => void;
}

/** Lives through a range of seeds on all cores. */
export async function runPool({ first, count, onFailure }: PoolOptions): Promise<Tally> {
  const tally = new Tally();
  const end = first + count;
  let next = first;
  const workers = Math.min(MAX_WORKERS, availableParallelism(), Math.ceil(count / BATCH));
  const one = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    try {
      while (next < end) {
        const batch: Batch = { first: next, count: Math.min(BATCH, end - next) };
        next += batch.count;
        const answer = await ask(worker, batch);
        tally.add(answer);
        for (const { text } of answer.failures) onFailure(text);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, one));
  return tally;
}

function ask(worker: Worker, batch: Batch): Promise<Counts> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (counts: Counts) => {
      worker.off('error', reject);
      resolve(counts);
    });
    worker.postMessage(batch);
  });
}
