import { AsyncLocalStorage } from 'node:async_hooks';
import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import { type CountedEvent, outcomeOf, type Telemetry, type Work, type WorkOutcome } from '../ports/telemetry.ts';
import { Span } from './span.ts';

/** A piece of work that has ended. */
export interface EndedWork {
  readonly work: Work;
  readonly span: Span;
  readonly startedAt: EpochMs;
  readonly durationMs: number;
  /** With the time from the begin of the work to the end of each step. */
  readonly steps: readonly Step[];
  readonly outcome: WorkOutcome;
  /** What it has failed with; undefined where it has not. */
  readonly error: unknown;
}

export interface Step {
  readonly name: string;
  readonly endedMs: number;
}

/** What is made of it: metrics, a log, traces. */
export interface Sink {
  began?(work: Work): void;
  ended(ended: EndedWork): void;
  counted?(event: CountedEvent): void;
}

/** Passes what is measured on to each sink. Whatever begins while a piece of work runs knows that it belongs to it, also across awaits. */
export function createTelemetry(clock: Clock, ids: Ids, sinks: readonly Sink[]): Telemetry {
  const current = new AsyncLocalStorage<Span>();
  return {
    measure: <T>(work: Work, run: (stepEnded: (step: string) => void) => Promise<T>) => {
      const outer = current.getStore() ?? null;
      // A commit is a step of what it belongs to.
      const span = work.kind === 'commit' && outer !== null ? outer : new Span(ids, outer);
      // It is told of when it ends, and the check that began it has ended by then.
      if (work.kind === 'operation') span.ids();
      const startedAt = clock.now();
      const startedMs = clock.steadyMs();
      const steps: Step[] = [];
      const end = (outcome: WorkOutcome, error?: unknown) => {
        const durationMs = clock.steadyMs() - startedMs;
        for (const sink of sinks) sink.ended({ work, span, startedAt, durationMs, steps, outcome, error });
      };
      for (const sink of sinks) sink.began?.(work);
      return current.run(span, async () => {
        try {
          const answer = await run((name) => steps.push({ name, endedMs: clock.steadyMs() - startedMs }));
          end('ok');
          return answer;
        } catch (error) {
          end(outcomeOf(error), error);
          throw error;
        }
      });
    },
    count: (event) => {
      for (const sink of sinks) sink.counted?.(event);
    },
  };
}
