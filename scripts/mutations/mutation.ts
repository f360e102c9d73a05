/** A change that breaks the code on purpose, and what has to notice it. */
export interface Mutation {
  /** What is broken, in the words of the promise that it breaks. */
  readonly name: string;
  readonly file: string;
  /** Has to occur exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: Tests | Seeds;
}

/** Test files of which at least one test has to fail. */
export interface Tests {
  readonly tests: readonly string[];
}

/** Seeds of the simulation of which at least one has to violate the invariant. */
export interface Seeds {
  readonly invariant: string;
  readonly seeds: number;
}
