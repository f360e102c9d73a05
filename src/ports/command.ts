/** Commands of the user's, run on the host of the controller. */
export interface CommandRunner {
  /**
   * Resolves when the command has ended well. What it leaves running in the background is not waited for; an abort kills it, and rejects.
   * @param variables beside those that every program of the user's gets
   * @throws PortError in words that go on after the command's name
   */
  run(command: UserCommand, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
}

export interface UserCommand {
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly workingDirectory: string;
}
