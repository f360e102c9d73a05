/** Why a command ended, for scripts; explained in docs/cli.md and at the end of `drover --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  invalidFleetFile: 4,
  refused: 5,
  changes: 6,
  timedOut: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    failed
  2    wrong usage, or --yes is missing where nobody can be asked
  3    no controller is running in the data folder
  4    the fleet file is not valid
  5    refused: there is no such thing, it cannot be done in its present state, or the answer was no
  6    with --detailed-exitcode: the plan has changes
  7    not done within --timeout; it goes on
  130  interrupted before the end`;

/** From the least to the worst: what was not waited for may still succeed, what was refused was never begun, what failed is broken. */
const RANKS: readonly ExitCode[] = [
  EXIT.ok,
  EXIT.changes,
  EXIT.timedOut,
  EXIT.refused,
  EXIT.invalidFleetFile,
  EXIT.usage,
  EXIT.notRunning,
  EXIT.failed,
  EXIT.interrupted,
];

/** The exit code of several outcomes: that of the worst. */
export function worst(codes: readonly ExitCode[]): ExitCode {
  return codes.reduce((one, other) => (RANKS.indexOf(other) > RANKS.indexOf(one) ? other : one), EXIT.ok);
}
