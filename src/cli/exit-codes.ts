/** Why a command ended, for scripts; explained in docs/cli.md and at the end of `drover --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  invalidFleetFile: 4,
  refused: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    failed
  2    wrong usage, or --yes is missing where nobody can be asked
  3    no controller is running in the data folder
  4    the fleet file is not valid
  5    refused: there is no such thing, or it cannot be done in its present state
  130  interrupted before the end`;
