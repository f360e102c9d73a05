import { getText, shownUrl } from '../http-client.ts';
import { Missing } from '../source.ts';
import { type Sample, samplesOf } from './exposition.ts';

/** A large host's node_exporter gives some hundred kilobytes. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** One server that hangs must not use up the time of the whole reading. */
const SCRAPE_TIMEOUT_MS = 2_000;

const CPU_SECONDS = 'node_cpu_seconds_total';
const MEMORY_TOTAL = 'node_memory_MemTotal_bytes';
const MEMORY_AVAILABLE = 'node_memory_MemAvailable_bytes';
const LOAD = 'node_load1';

/** What a server's exporter reports; null for what it does not. */
export interface MachineUsage {
  /** Over all of its CPUs, since its start. */
  readonly cpu: { readonly totalSeconds: number; readonly idleSeconds: number } | null;
  readonly memoryMiB: number | null;
  readonly load: number | null;
}

/** What is the same for the exporters of all servers. */
export interface ScrapeOptions {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws Missing when it does not answer */
export async function scrape(
  address: string,
  { port, path, headers }: ScrapeOptions,
  signal: AbortSignal,
): Promise<MachineUsage> {
  const host = address.includes(':') ? `[${address}]` : address;
  const url = `http://${host}:${port}${path}`;
  const text = await getText(url, { signal, maxBodyBytes: MAX_BODY_BYTES, timeoutMs: SCRAPE_TIMEOUT_MS, headers });
  const samples = samplesOf(text, new Set([CPU_SECONDS, MEMORY_TOTAL, MEMORY_AVAILABLE, LOAD]));
  if (samples.length > 0) return usageIn(samples);
  throw new Missing('absent', `${shownUrl(url)} has none of node_exporter's metrics`);
}

/** What an exposition says of the machine. */
function usageIn(samples: readonly Sample[]): MachineUsage {
  const first = (name: string) => samples.find((sample) => sample.name === name)?.value ?? Number.NaN;
  const cpus = samples.filter(({ name }) => name === CPU_SECONDS);
  const seconds = (some: readonly Sample[]) => some.reduce((sum, { value }) => sum + value, 0);
  const idle = cpus.filter(({ labels }) => labels.get('mode') === 'idle');
  const memoryMiB = (first(MEMORY_TOTAL) - first(MEMORY_AVAILABLE)) / 2 ** 20;
  return {
    cpu: idle.length === 0 ? null : { totalSeconds: seconds(cpus), idleSeconds: seconds(idle) },
    memoryMiB: finiteOrNull(memoryMiB),
    load: finiteOrNull(first(LOAD)),
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
