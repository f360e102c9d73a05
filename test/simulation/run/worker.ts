import { parentPort } from 'node:worker_threads';
import { liveThrough } from './batch.ts';
import type { Batch } from './pool.ts';

/** Lives through the seeds that it is sent, one batch after the other. */
parentPort?.on('message', ({ first, count }: Batch) => {
  void liveThrough(first, count).then((tally) => parentPort?.postMessage({ ...tally }));
});
