const FIRST_BYTES = 4_096;
/** So that one a little longer than the one before finds room. */
const SPARE_SHARE = 0.25;

/** Room for one reply after another: as garbage, megabytes a second would wait for the heap to be cleaned. */
export class ReplyBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** What was added since it was cleared last; until it is again. */
  get reply(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.ceil(length * (1 + SPARE_SHARE)));
      larger.set(this.reply);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }
}
