/** Runs one piece of work at a time, in the order of asking. (p-limit(1) is two packages for these lines.) */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  get idle(): boolean {
    return this.#waiting === 0;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const turn = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Runs work of the same key one after the other, that of different keys side by side. */
export class KeyedSerial {
  readonly #queues = new Map<string, Serial>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? new Serial();
    this.#queues.set(key, queue);
    try {
      return await queue.run(work);
    } finally {
      if (queue.idle) this.#queues.delete(key);
    }
  }
}
