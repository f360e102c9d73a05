import type { Placement } from '../../../src/model/instance.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The places of the simulated providers, all of which have the same ones, and what is the matter with each. */
export class SimZones {
  readonly names: readonly string[];
  readonly #clock: VirtualClock;
  /** Since when each of those has been cut off, in milliseconds since the start. */
  readonly #cutSince = new Map<string, number>();
  /** When each of those that were cut off came back. */
  readonly #backSince = new Map<string, number>();
  readonly #full = new Set<string>();

  constructor(names: readonly string[], clock: VirtualClock) {
    this.names = names;
    this.#clock = clock;
  }

  get unseen(): ReadonlyMap<string, string> {
    return new Map([...this.#cutSince.keys()].map((zone) => [zone, 'connect ETIMEDOUT']));
  }

  isCut(zone: string | null): boolean {
    return zone !== null && this.#cutSince.has(zone);
  }

  /** Whether it has been cut off for all of the time since then. */
  wasCutSince(zone: string | null, sinceMs: number): boolean {
    return zone !== null && (this.#cutSince.get(zone) ?? Number.POSITIVE_INFINITY) <= sinceMs;
  }

  /** Whether it was seen for all of the time since then. */
  wasSeenSince(zone: string | null, sinceMs: number): boolean {
    if (zone === null) return true;
    return !this.isCut(zone) && (this.#backSince.get(zone) ?? Number.NEGATIVE_INFINITY) <= sinceMs;
  }

  setCut(zone: string, isCut: boolean): void {
    if (isCut === this.isCut(zone)) return;
    if (isCut) this.#cutSince.set(zone, this.#clock.elapsedMs);
    else {
      this.#cutSince.delete(zone);
      this.#backSince.set(zone, this.#clock.elapsedMs);
    }
  }

  isFull({ zone, instanceType }: Placement): boolean {
    return this.#full.has(`${zone}/${instanceType}`) || this.#full.has(`${zone}/*`);
  }

  /** @param instanceType null for all of them */
  setFull(zone: string, instanceType: string | null, isFull: boolean): void {
    const key = `${zone}/${instanceType ?? '*'}`;
    if (isFull) this.#full.add(key);
    else this.#full.delete(key);
  }

  calmDown(): void {
    for (const zone of this.names) this.setCut(zone, false);
    this.#full.clear();
  }
}
