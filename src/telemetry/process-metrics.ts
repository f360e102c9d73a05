export interface ProcessNumbers {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly startedAtSeconds: number;
}

/**
 * Of this process, for metrics by the names that Prometheus's client libraries have. prom-client's own set comes with a timer a hundred times a
 * second for the loop's delay, and an observer of the garbage collector: more than a controller at rest does altogether.
 */
export function processNumbers(): ProcessNumbers {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1_000_000,
    residentBytes: process.memoryUsage.rss(),
    startedAtSeconds: performance.timeOrigin / 1_000,
  };
}
