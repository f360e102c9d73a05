/**
 * Terminations that go on by themselves, one a machine, whoever asks for it: it keeps its stop timeout when a caller gives up and comes again.
 */
export class Endings {
  readonly #running = new Map<string, Promise<void>>();
  /** Why terminations have failed that nobody has been answered yet. */
  readonly #failed = new Map<string, unknown>();

  has(machineId: string): boolean {
    return this.#running.has(machineId);
  }

  /**
   * Whether a machine is being terminated, for whoever asks for that.
   * @throws why that has failed, once
   */
  isUnderWay(machineId: string): boolean {
    if (this.#running.has(machineId)) return true;
    const failure = this.#failed.get(machineId);
    this.#failed.delete(machineId);
    if (failure !== undefined) throw failure;
    return false;
  }

  /** Begins one, unless that was done meanwhile. */
  start(machineId: string, end: () => Promise<void>, onEnd: () => void): void {
    if (this.#running.has(machineId)) return;
    const ending = end()
      .catch((error: unknown) => void this.#failed.set(machineId, error))
      .finally(() => {
        this.#running.delete(machineId);
        onEnd();
      });
    this.#running.set(machineId, ending);
  }

  /** Resolves when none is left. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
