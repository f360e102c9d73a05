import type { Output } from '../terminal.ts';

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[2J';
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l';
/** Terminals that know it show what is between as one picture. */
const BEGIN = '\u001B[?2026h';
const END = '\u001B[?2026l';

/** The whole screen of a terminal, which is as it was before once it is given back. */
export class Screen {
  readonly #output: Output;
  readonly #restore = () => this.leave();
  #shown: readonly string[] = [];
  #isTaken = false;

  constructor(output: Output) {
    this.#output = output;
  }

  enter(): void {
    this.#output.write(ENTER);
    this.#isTaken = true;
    // Whatever ends this process, the terminal is left usable.
    process.once('exit', this.#restore);
  }

  leave(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    process.off('exit', this.#restore);
    this.#output.write(LEAVE);
  }

  /** Writes the lines that differ from those on the screen. Where the terminal is slow, the newest picture waits until it has the last one. */
  draw(lines: readonly string[]): void {
    if (this.#output.writableNeedDrain) return;
    const changes = lines.flatMap((line, row) =>
      // Cleared before: the cursor stays on the last character of a line that fills the row.
      line === this.#shown[row] ? [] : [`\u001B[${row + 1};1H\u001B[0m\u001B[K${line}`],
    );
    this.#shown = lines;
    if (changes.length > 0) this.#output.write(BEGIN + changes.join('') + END);
  }

  /** Forgets what is on the screen: the terminal has another size, or has lost it. */
  clear(): void {
    this.#shown = [];
    this.#output.write('\u001B[2J');
  }
}
