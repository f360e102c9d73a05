/** What HAProxy starts with, on disk: its configuration, the state of its servers, and the configuration that it took last. */

import { chmod, mkdir, rename } from 'node:fs/promises';
import type { Member } from '../model/member.ts';
import type { Clock } from '../ports/clock.ts';
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

/** Whether both would be written alike; in less time than that takes. */
export function isSameTarget(a: Target, b: Target): boolean {
  return (
    a.fingerprint === b.fingerprint &&
    a.desired.members.length === b.desired.members.length &&
    a.desired.members.every((member, place) => isSameMember(member, b.desired.members[place])) &&
    a.ids.size === b.ids.size &&
    [...a.ids].every(([key, id]) => b.ids.get(key) === id)
  );
}

function isSameMember(a: Member, b: Member | undefined): boolean {
  return (
    a.instanceId === b?.instanceId &&
    a.targetGroup === b.targetGroup &&
    a.state === b.state &&
    a.proven === b.proven &&
    a.weight === b.weight &&
    a.endpoint.address === b.endpoint.address &&
    a.endpoint.port === b.endpoint.port &&
    a.checkPort === b.checkPort
  );
}

/** Up to so many members, the files are written before each change: that costs next to nothing. */
const FEW_MEMBERS = 500;
/**
 * With more, they follow the changes within a time that grows with the members: all of them are in the files, and thousands of members that
 * come one after the other would have to be written thousands of times.
 */
const DELAY_A_MEMBER_MS = 1;
const MAX_DELAY_MS = 10_000;

/** Written whole, durably, and in an order in which HAProxy may read them at any moment. */
export class ConfigFiles {
  readonly #paths: Paths;
  readonly #clock: Clock;
  readonly #healthy: () => LastHealthy;
  /** What they hold, by path, as far as it is known. */
  readonly #written = new Map<string, string>();
  #lastGood: Skeleton | null = null;
  /** What they are to describe. */
  #target: Target | null = null;
  /** What they were made of last. */
  #configOf: Target | null = null;
  #stateOf: { readonly target: Target; readonly healthy: LastHealthy } | null = null;
  /** By the steady clock. */
  #writtenAtMs = Number.NEGATIVE_INFINITY;

  /** @param healthy who was healthy when it was last observed */
  constructor(paths: Paths, clock: Clock, healthy: () => LastHealthy) {
    this.#paths = paths;
    this.#clock = clock;
    this.#healthy = healthy;
  }

  get target(): Target | null {
    return this.#target;
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

  /** They are to describe other members now. */
  async follow(target: Target): Promise<void> {
    this.#target = target;
    await this.writeDue();
  }

  /** Writes what is due: everything, unless there are many members and they were written just now. To be called again and again. */
  async writeDue(): Promise<void> {
    const members = this.#target?.desired.members.length ?? 0;
    const delayMs = members <= FEW_MEMBERS ? 0 : Math.min(MAX_DELAY_MS, members * DELAY_A_MEMBER_MS);
    if (this.#clock.steadyMs() - this.#writtenAtMs >= delayMs) await this.write();
  }

  async write(): Promise<void> {
    const target = this.#target;
    if (target === null) return;
    if (this.#configOf !== target) await this.#write(this.#paths.config, target.text());
    this.#configOf = target;
    await this.#writeState(target);
  }

  async #writeState(target: Target): Promise<void> {
    const healthy = this.#healthy();
    if (this.#stateOf?.target === target && this.#stateOf.healthy === healthy) return;
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
    const text = await this.check(target, validate);
    this.#target = target;
    await this.#writeState(target);
    this.#written.delete(config);
    await rename(candidate, config);
    await this.#write(config, text);
    this.#configOf = target;
  }

  /**
   * Has it read, under another name.
   * @returns the text of it
   */
  async check(target: Target, validate: (candidate: string) => Promise<void>): Promise<string> {
    const { candidate } = this.#paths;
    const text = target.text();
    await writeDurably(candidate, text);
    await validate(candidate);
    return text;
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
    this.#writtenAtMs = this.#clock.steadyMs();
    return true;
  }
}
