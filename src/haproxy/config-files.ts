/** What HAProxy starts with, on disk: its configuration, the state of its servers, and the configuration that it took last. */

import { chmod, mkdir, rename } from 'node:fs/promises';
import type { DesiredState } from '../ports/load-balancer.ts';
import { readIfExists, writeDurably } from './files.ts';
import { parseSkeleton, type Skeleton, serializeSkeleton } from './last-good.ts';
import { boundLog } from './launch.ts';
import type { Paths } from './paths.ts';
import type { Rendering } from './render.ts';
import type { ServerKey } from './servers.ts';
import { type LastHealthy, parseStateFile, renderStateFile } from './state-file.ts';

/** Desired members with their ids, and what they look like as a configuration. */
export interface Target extends Rendering {
  readonly desired: DesiredState;
  readonly ids: ReadonlyMap<ServerKey, number>;
}

export class ConfigFiles {
  readonly #paths: Paths;
  readonly #healthy: () => LastHealthy;
  /** What they hold, by path, as far as it is known. */
  readonly #written = new Map<string, string>();
  #lastGood: Skeleton | null = null;
  /** What they describe. */
  #target: Target | null = null;
  /** What the state file was made of last. */
  #stateOf: { readonly target: Target; readonly healthy: LastHealthy } | null = null;

  /** @param healthy who was healthy when it was last looked at */
  constructor(paths: Paths, healthy: () => LastHealthy) {
    this.#paths = paths;
    this.#healthy = healthy;
  }

  /** The configuration that HAProxy took last, less the members; null when it is not known. */
  get lastGood(): Skeleton | null {
    return this.#lastGood;
  }

  /**
   * Reads what an earlier controller has left.
   * @returns who was healthy then
   */
  async load(): Promise<LastHealthy> {
    const { dataDir, config, state, lastGood } = this.#paths;
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await chmod(dataDir, 0o700);
    for (const path of [config, state, lastGood]) {
      const text = await readIfExists(path);
      if (text !== null) this.#written.set(path, text);
    }
    this.#lastGood = parseSkeleton(this.#written.get(lastGood) ?? null);
    return parseStateFile(this.#written.get(state) ?? '');
  }

  async write(target: Target): Promise<void> {
    this.#target = target;
    await this.#write(this.#paths.config, target.text);
    await this.writeState();
  }

  async writeState(): Promise<void> {
    const target = this.#target;
    const healthy = this.#healthy();
    if (target === null || (this.#stateOf?.target === target && this.#stateOf.healthy === healthy)) return;
    const changed = await this.#write(this.#paths.state, renderStateFile(target.desired, target.ids, healthy));
    this.#stateOf = { target, healthy };
    if (changed) await boundLog(this.#paths.log);
  }

  /**
   * The configuration gets its name only when HAProxy has read it without complaint.
   * @param validate throws when it has not
   */
  async writeValidated(target: Target, validate: (candidate: string) => Promise<void>): Promise<void> {
    const { candidate, config } = this.#paths;
    await writeDurably(candidate, target.text);
    await validate(candidate);
    this.#target = target;
    await this.writeState();
    this.#written.delete(config);
    await rename(candidate, config);
    await this.#write(config, target.text);
  }

  async keepAsGood(skeleton: Skeleton): Promise<void> {
    this.#lastGood = skeleton;
    await this.#write(this.#paths.lastGood, serializeSkeleton(skeleton));
  }

  /** Whether there was something to write. */
  async #write(path: string, text: string): Promise<boolean> {
    if (this.#written.get(path) === text) return false;
    await writeDurably(path, text);
    this.#written.set(path, text);
    return true;
  }
}
