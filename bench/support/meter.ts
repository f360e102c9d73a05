import { DatabaseSync } from 'node:sqlite';

/** How often it is checked whether the event loop moves. */
const TICK_MS = 20;

/** What a benchmark asks of the controller's process that it has started. */
export type MeterRequest =
  /** Counts from here; watching for blocks costs a little CPU itself. */
  | { readonly kind: 'begin'; readonly watchesBlocks: boolean }
  | { readonly kind: 'read' }
  /** So large a share of the simulated machines stop running. */
  | { readonly kind: 'stopMachines'; readonly share: number };

export interface MeterReading {
  readonly commits: number;
  /** The longest time for which the event loop stood still. */
  readonly blockMs: number;
  /** The most CPU time that the main thread used in one go: a block, without what other programs took of the CPU meanwhile. */
  readonly blockCpuMs: number;
}

/** Measures its own process. */
export class Meter {
  #commits = 0;
  #commitsBefore = 0;
  #blockMs = 0;
  #blockCpuMs = 0;
  #ticking: NodeJS.Timeout | null = null;

  constructor() {
    const count = () => {
      this.#commits += 1;
    };
    const { prepare } = DatabaseSync.prototype;
    DatabaseSync.prototype.prepare = function counting(...parameters) {
      const statement = prepare.apply(this, parameters);
      if (parameters[0] !== 'commit') return statement;
      statement.run = new Proxy(statement.run, {
        apply: (run, self, values) => {
          count();
          return Reflect.apply(run, self, values);
        },
      });
      return statement;
    };
  }

  begin(watchesBlocks: boolean): void {
    clearInterval(this.#ticking ?? undefined);
    this.#ticking = null;
    this.#blockMs = 0;
    this.#blockCpuMs = 0;
    this.#commitsBefore = this.#commits;
    if (!watchesBlocks) return;
    let at = performance.now();
    let cpuMs = threadCpuMs();
    this.#ticking = setInterval(() => {
      const [now, cpuNowMs] = [performance.now(), threadCpuMs()];
      this.#blockMs = Math.max(this.#blockMs, now - at - TICK_MS);
      this.#blockCpuMs = Math.max(this.#blockCpuMs, cpuNowMs - cpuMs);
      [at, cpuMs] = [now, cpuNowMs];
    }, TICK_MS).unref();
  }

  read(): MeterReading {
    const commits = this.#commits - this.#commitsBefore;
    return { commits, blockMs: this.#blockMs, blockCpuMs: this.#blockCpuMs };
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
