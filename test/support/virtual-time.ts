import type { VirtualClock } from '../simulation/world/virtual-clock.ts';

/** Time goes on until the work has come to its end, for so many steps at most. */
export async function runUntilDone<T>(clock: VirtualClock, work: Promise<T>, maxSteps: number): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  for (let steps = 0; !isDone && steps < maxSteps; steps += 1) await clock.advance();
  return done;
}
