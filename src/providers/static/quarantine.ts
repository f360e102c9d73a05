import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readBoundedSync, replaceSync } from '../../base/files.ts';
import type { EpochMs } from '../../model/time.ts';

const MAX_FILE_BYTES = 262_144;

const fileSchema = z.record(z.string(), z.object({ since: z.number(), why: z.string() }));
interface Failed {
  readonly since: EpochMs;
  readonly why: string;
}

/** The hosts that have failed, in a file of the data folder, so that a restart of Drover does not forget them. */
export class Quarantine {
  readonly #path: string;
  readonly #failed: Map<string, Failed>;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'quarantine.json');
    this.#failed = new Map(existsSync(this.#path) ? Object.entries(this.#read()) : []);
  }

  get(host: string): Failed | null {
    return this.#failed.get(host) ?? null;
  }

  add(host: string, since: EpochMs, why: string): void {
    this.#failed.set(host, { since, why });
    this.#write();
  }

  remove(host: string): void {
    if (this.#failed.delete(host)) this.#write();
  }

  #read(): Record<string, Failed> {
    return fileSchema.parse(JSON.parse(readBoundedSync(this.#path, { maxBytes: MAX_FILE_BYTES }).bytes.toString()));
  }

  #write(): void {
    const next = `${this.#path}.new`;
    replaceSync(next, `${JSON.stringify(Object.fromEntries(this.#failed))}\n`);
    renameSync(next, this.#path);
  }
}
