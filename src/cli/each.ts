import { SaidAlready } from './actions.ts';
import { type Context, say } from './context.ts';
import { describeError, exitCodeOf } from './errors.ts';
import { type ExitCode, worst } from './exit-codes.ts';

/** What came of several things of one kind, each by itself: one that fails hinders no other. */
export class Outcomes {
  readonly #context: Context;
  readonly #program: string;
  /** Whether there is only one: its error is the command's. */
  readonly #isAlone: boolean;
  readonly #codes: ExitCode[] = [];

  /** @param program how drover is called here */
  constructor(context: Context, program: string, many: number) {
    this.#context = context;
    this.#program = program;
    this.#isAlone = many === 1;
  }

  /**
   * Does it for one of them, and says what is wrong with it.
   * @returns null where it failed
   */
  async of<Result>(act: () => Promise<Result>): Promise<Result | null> {
    try {
      return await act();
    } catch (error) {
      if (this.#isAlone || this.#context.terminal.interrupted.aborted) throw error;
      if (!(error instanceof SaidAlready)) {
        say(this.#context, await describeError(error, this.#context.terminal, this.#program));
      }
      this.#codes.push(await exitCodeOf(error));
      return null;
    }
  }

  /** @throws SaidAlready with the exit code of the worst, unless all went well */
  end(): void {
    if (this.#codes.length > 0) throw new SaidAlready(worst(this.#codes));
  }
}
