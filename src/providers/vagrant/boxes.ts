import { Serial } from '../../base/serial.ts';
import { PortError } from '../../ports/errors.ts';
import type { VagrantProvider } from './settings.ts';
import type { Vagrant } from './vagrant.ts';

/**
 * Boxes that servers are made of. One is asked for by name before a launch, because Vagrant would fetch it from the internet in the middle of
 * it. The first server of a box is brought up alone: vagrant-libvirt copies the box into its storage then, and a second one at the same time
 * would start from half a copy.
 */
export class Boxes {
  readonly #vagrant: Vagrant;
  readonly #provider: VagrantProvider;
  readonly #present = new Set<string>();
  readonly #used = new Set<string>();
  readonly #turns = new Serial();

  constructor(vagrant: Vagrant, provider: VagrantProvider) {
    this.#vagrant = vagrant;
    this.#provider = provider;
  }

  /** @param box null for a server that is made of none. @throws PortError `Invalid` where the box is missing */
  async use(box: string | null, signal: AbortSignal, up: () => Promise<void>): Promise<void> {
    const isUp = box !== null && !this.#used.has(box) && (await this.#turns.run(() => this.#first(box, signal, up)));
    if (!isUp) await up();
  }

  /** Whether it was the first one: another may have been that meanwhile. */
  async #first(box: string, signal: AbortSignal, up: () => Promise<void>): Promise<boolean> {
    if (this.#used.has(box)) return false;
    await this.#check(box, signal);
    await up();
    this.#used.add(box);
    return true;
  }

  async #check(box: string, signal: AbortSignal): Promise<void> {
    if (this.#present.has(box)) return;
    const provider = this.#provider;
    const found = await this.#vagrant.boxes(signal);
    for (const one of found) if (one.provider === provider) this.#present.add(one.name);
    if (this.#present.has(box)) return;
    const message = `the box ${box} is not there for ${provider}; add it: vagrant box add ${box} --provider ${provider}`;
    throw new PortError('Invalid', 'noBox', message);
  }
}
