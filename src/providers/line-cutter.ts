import { StringDecoder } from 'node:string_decoder';

/** A longer line comes in pieces. */
const MAX_LINE_CHARACTERS = 16_384;

/** Makes lines of output as it comes, however it is cut. */
export class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  #begun = '';

  /** @returns the lines that end in it, without their ends */
  push(chunk: Uint8Array): readonly string[] {
    const lines = `${this.#begun}${this.#decoder.write(Buffer.from(chunk))}`.split('\n');
    this.#begun = lines.pop() ?? '';
    if (this.#begun.length < MAX_LINE_CHARACTERS) return lines.map(withoutReturn);
    const piece = this.#begun;
    this.#begun = '';
    return [...lines.map(withoutReturn), piece];
  }

  /** @returns what has no end yet, if anything */
  end(): readonly string[] {
    const rest = `${this.#begun}${this.#decoder.end()}`;
    this.#begun = '';
    return rest === '' ? [] : [withoutReturn(rest)];
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
