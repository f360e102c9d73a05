const HEADER_BYTES = 8;
const STREAMS = [0, 1, 2];

/** What a container prints, out of the engine's frames (a stream's number, its length, its bytes) as they come; without frames where a terminal is attached. */
export class Frames {
  #rest = Buffer.alloc(0);
  /** Null before anything has come. */
  #isFramed: boolean | null = null;

  /** @returns what was printed, as far as its frames are whole */
  push(chunk: Uint8Array): Buffer {
    const bytes = Buffer.concat([this.#rest, chunk]);
    if (bytes.length === 0) return bytes;
    this.#isFramed ??= STREAMS.includes(bytes.readUInt8(0));
    if (!this.#isFramed) return bytes;
    const parts: Buffer[] = [];
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const start = at + HEADER_BYTES;
      const end = start + bytes.readUInt32BE(at + HEADER_BYTES / 2);
      if (end > bytes.length) break;
      parts.push(bytes.subarray(start, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return Buffer.concat(parts);
  }
}
