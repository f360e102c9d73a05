import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { readBoundedSync, replaceSync } from '../../base/files.ts';
import type { EpochMs } from '../../model/time.ts';

const MAX_FILE_BYTES = 262_144;
const HOUR_MS = 3_600_000;
/** Of a host's resets only those of the last so long count. */
const RESET_MEMORY_MS = 24 * HOUR_MS;
const MAX_RESETS = 3;
/** Between a host's first two resets; twice that between the second and the third. */
const RESET_GAP_MS = HOUR_MS / 2;

const fileSchema = z.record(z.string(), z.object({ isFree: z.boolean(), resets: z.array(z.number()) }));
type HostRecord = z.infer<typeof fileSchema>[string];
const UNKNOWN: HostRecord = { isFree: false, resets: [] };

/**
 * What is known of hosts that cannot be reached, in a file of the data folder, so that a restart of Drover neither forgets that one has just been
 * reset nor takes one for free that it has claimed.
 */
export class HostRecords {
  readonly #path: string;
  readonly #records: Map<string, HostRecord>;
  /** Hosts on which a claim is being made. */
  readonly #claiming = new Set<string>();
  /** How often the making of a claim has begun or ended on each. */
  readonly #turns = new Map<string, number>();

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'hosts.json');
    this.#records = new Map(existsSync(this.#path) ? Object.entries(this.#read()) : []);
  }

  /** Whether it had no server of the fleet when it was seen last, and has got none since. */
  isFree(host: string): boolean {
    return this.#of(host).isFree;
  }

  /** A claim of the fleet was seen on it. */
  noteTaken(host: string): void {
    this.#put(host, { ...this.#of(host), isFree: false });
  }

  /** No claim of the fleet was seen on it. @param turn from before it was asked: where a claim was made since, the answer is an old one */
  noteFree(host: string, turn: number): void {
    if (turn === this.turn(host) && !this.#claiming.has(host)) this.#put(host, { ...this.#of(host), isFree: true });
  }

  turn(host: string): number {
    return this.#turns.get(host) ?? 0;
  }

  /** Makes a claim: the host is taken from before that, because Drover may end in the middle. */
  async claiming<T>(host: string, claim: () => Promise<T>): Promise<T> {
    this.#claiming.add(host);
    this.noteTaken(host);
    this.#turns.set(host, this.turn(host) + 1);
    try {
      return await claim();
    } finally {
      this.#turns.set(host, this.turn(host) + 1);
      this.#claiming.delete(host);
    }
  }

  /** How often it was reset lately. */
  resets(host: string, now: EpochMs): number {
    return recent(this.#of(host).resets, now).length;
  }

  mayReset(host: string, now: EpochMs): boolean {
    return mayResetAgain(this.#of(host).resets, now);
  }

  /** Before it is reset, so that a reset that ends Drover counts, too. */
  noteReset(host: string, now: EpochMs): void {
    const { isFree, resets } = this.#of(host);
    this.#put(host, { isFree, resets: [...recent(resets, now), now] });
  }

  #of(host: string): HostRecord {
    return this.#records.get(host) ?? UNKNOWN;
  }

  #put(host: string, next: HostRecord): void {
    if (isDeepStrictEqual(this.#records.get(host), next)) return;
    this.#records.set(host, next);
    const file = `${this.#path}.new`;
    replaceSync(file, `${JSON.stringify(Object.fromEntries(this.#records))}\n`);
    renameSync(file, this.#path);
  }

  #read(): Record<string, HostRecord> {
    return fileSchema.parse(JSON.parse(readBoundedSync(this.#path, { maxBytes: MAX_FILE_BYTES }).bytes.toString()));
  }
}

/** One in the future, by a clock that was put back, counts as any other. */
function recent(resets: readonly EpochMs[], now: EpochMs): EpochMs[] {
  return resets.filter((at) => now - at < RESET_MEMORY_MS);
}

/** Whether a host may be reset once more: at most three times a day, with gaps that double. @internal apart for its tests */
export function mayResetAgain(resets: readonly EpochMs[], now: EpochMs): boolean {
  const counted = recent(resets, now);
  if (counted.length === 0) return true;
  if (counted.length >= MAX_RESETS) return false;
  return now - Math.max(...counted) >= RESET_GAP_MS * 2 ** (counted.length - 1);
}
