import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Scope } from './bench.ts';

/** Clients that do the same thing, each one request at a time. */
export type LoadPlan = readonly {
  readonly url: string;
  readonly clients: number;
  /** A new connection for each request; otherwise each client keeps its one. */
  readonly newConnections: boolean;
  /** From the start of one request to the start of the next, unless the answer takes longer. */
  readonly everyMs: number;
}[];

export type FailureKind = 'not 200' | 'reset' | 'broken answer' | 'timeout' | 'not connected';

export interface Failure {
  readonly at: number;
  readonly kind: FailureKind;
  readonly message: string;
  readonly url: string;
}

/** What the process of the clients tells now and then; the failures are those since the last time. */
export interface LoadReport {
  readonly requests: number;
  readonly failed: number;
  readonly failures: readonly Failure[];
  readonly done: boolean;
}

/** Constant load from a process of its own, so that it shares no event loop with what is measured. */
export class Load {
  readonly #child: ChildProcess;
  readonly #startedAt = Date.now();
  #requests = 0;
  #failed = 0;
  #failures: Failure[] = [];

  constructor(plan: LoadPlan, scope: Scope) {
    this.#child = fork(join(import.meta.dirname, '..', 'processes', 'clients.ts'), [JSON.stringify(plan)]);
    this.#child.on('message', ({ requests, failed, failures }: LoadReport) => {
      this.#requests = requests;
      this.#failed = failed;
      this.#failures.push(...failures);
    });
    scope.atEnd(async () => this.#child.kill('SIGKILL'));
  }

  get requests(): number {
    return this.#requests;
  }

  get failed(): number {
    return this.#failed;
  }

  get failures(): readonly Failure[] {
    return this.#failures;
  }

  /** Lets the open requests finish. @returns requests per second, over the whole time */
  async stop(): Promise<number> {
    this.#child.send('stop');
    await once(this.#child, 'exit');
    return (this.#requests * 1000) / (Date.now() - this.#startedAt);
  }
}
