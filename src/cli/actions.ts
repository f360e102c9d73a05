import type { FleetFileError } from '../model/fleet-file/errors.ts';
import type { FleetFileResult } from '../model/fleet-file/load.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { FleetSource } from './live/sights.ts';

/** What the commands need beyond a running controller's API. The composition root provides it. */
export interface CliActions {
  readonly version: string;
  /** The fleet file that `drover demo` runs. */
  readonly demoFleetFile: string;
  /** Reads and validates a fleet file. @throws when it cannot be read */
  loadFleet(fleetFile: string): Promise<FleetFileResult>;
  /** The JSON Schema of fleet files. */
  jsonSchema(): object;
  /**
   * Starts a controller in this process, with its API. Resolves when it has taken the fleet over, before everything is in service.
   * @throws InvalidFleetFile
   * @throws CliError `refused` when another controller holds the data folder
   */
  startFleet(options: StartOptions): Promise<RunningFleet>;
}

export interface StartOptions {
  /** Absolute. */
  readonly fleetFile: string;
  /** Absolute; made when it is not there. */
  readonly dataDir: string;
  /** `down`: the first thing that the controller does is to end what the fleet owns. */
  readonly mode: 'up' | 'down';
}

/** A controller in this process. It writes nothing to standard output or standard error. */
export interface RunningFleet {
  /** Answers until `ended` has resolved. */
  readonly source: FleetSource;
  /** Resolves when the controller has ended, after `stop`, or after everything is gone; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Ends the controller alone: HAProxy and the servers go on. */
  stop(): Promise<void>;
  /** Begins to end all that the fleet owns, then the controller. */
  down(): Promise<void>;
}

/** An error for a person, in a sentence that says what to do next, and the exit code that goes with it. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** A fleet file with errors: nothing was started or changed. */
export class InvalidFleetFile extends CliError {
  readonly errors: readonly FleetFileError[];

  constructor(errors: readonly FleetFileError[]) {
    super(EXIT.invalidFleetFile, 'The fleet file is not valid.');
    this.name = 'InvalidFleetFile';
    this.errors = errors;
  }
}
