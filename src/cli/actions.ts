import type { FleetFileError } from '../fleet/file/errors.ts';
import type { FleetFileResult, ValidFleetFile } from '../fleet/file/load.ts';
import type { ValueKind } from '../model/scaling-policy.ts';
import type { Starter } from '../model/starter.ts';
import type { EpochMs } from '../model/time.ts';
import type { DoctorReport } from '../views/doctor.ts';
import type { WhatIfRun } from '../views/what-if.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { FleetSource } from './live/sights.ts';

/** What the commands need beyond a running controller's API. The composition root provides it. */
export interface CliActions {
  readonly version: string;
  /** The fleet file that `drover demo` runs. */
  readonly demoFleetFile: string;
  /** Reads and validates a fleet file. @throws when it cannot be read */
  loadFleet(fleetFile: string): Promise<FleetFileResult>;
  /** Validates a fleet file that is not written yet. @param fleetFile where it will be */
  checkFleet(fleetFile: string, text: string): Promise<FleetFileResult>;
  /** How a first fleet file is written for each provider type, by its name. */
  starters(): Promise<ReadonlyMap<string, Starter>>;
  /** Why a load balancer could not listen on a port of this host, in a sentence; null where it can. */
  portProblem(port: number): Promise<string | null>;
  /** What would fail on this host as it is now, or once a group is large, though the fleet file is valid. */
  warnings(file: ValidFleetFile): Promise<readonly FleetFileError[]>;
  /** Looks into what a fleet needs of this host and of its providers. Changes nothing; what cannot be looked into is a finding. */
  doctor(options: DoctorOptions): Promise<DoctorReport>;
  /** The JSON Schema of fleet files. */
  jsonSchema(): Promise<object>;
  /**
   * Starts a controller in this process, with its API. Resolves when it has taken the fleet over, before everything is in service.
   * @throws InvalidFleetFile
   * @throws CliError `refused` when another controller holds the data folder
   */
  startFleet(options: StartOptions): Promise<RunningFleet>;
  /**
   * Replays a load through a group of each fleet file, the same for all of them. Changes nothing and needs no controller.
   * @throws InvalidFleetFile
   * @throws CliError for a recording or a choice that cannot be replayed
   */
  simulate(options: SimulateOptions): Promise<readonly WhatIfRun[]>;
}

export interface DoctorOptions {
  /** Absolute; null where there is none. */
  readonly fleetFile: string | null;
  /** Absolute; it need not be there. */
  readonly dataDir: string;
  readonly signal: AbortSignal;
}

export interface SimulateOptions {
  /** Absolute paths, at least one, and how a person calls each of them. */
  readonly fleetFiles: readonly { readonly path: string; readonly title: string }[];
  readonly group: string;
  /** Which of the group's metrics the load stands for; null for the one that its policies follow. */
  readonly metric: string | null;
  /** Null for what the policies say. */
  readonly valueIs: ValueKind | null;
  readonly load: LoadSource;
  /** What is before it is only learned from, by forecasts; null for the beginning. */
  readonly from: EpochMs | null;
  /** Null for the end. */
  readonly to: EpochMs | null;
  readonly bootMs: number;
  /** What one server can handle; null for the first file's policies' target. */
  readonly capacity: number | null;
}

/** Where the load comes from; paths are absolute. */
export type LoadSource =
  | { readonly kind: 'csv' | 'prometheusRange'; readonly path: string }
  /** What was recorded of the metric. */
  | { readonly kind: 'recorded'; readonly dataDir: string };

export interface StartOptions {
  /** Absolute; null where the API owns the fleet. */
  readonly fleetFile: string | null;
  /** Absolute; made when it is not there. */
  readonly dataDir: string;
  /** `down`: the first thing that the controller does is to end what the fleet owns. */
  readonly mode: 'up' | 'down';
  /** The least severe that is logged; `info` unless it is said. */
  readonly logLevel?: LogLevel;
  /** Gets each line of the log too, as JSON with its end. */
  readonly onLogLine?: (line: string) => void;
  /** A collector of OpenTelemetry traces; none unless it is said. */
  readonly tracesTo?: string;
  /** Where the dashboard and the API are over TCP; nowhere unless it is said. */
  readonly listenOn?: ListenAddress;
}

export interface ListenAddress {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A controller in this process. It writes nothing to standard output or standard error. */
export interface RunningFleet {
  /** Answers until `ended` has resolved. */
  readonly source: FleetSource;
  /** A link that opens the dashboard, once; null where it listens on no port. */
  dashboardLink(): string | null;
  /** Resolves when the controller has ended, after `stop`, or after everything is gone; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Ends the controller alone: HAProxy and the servers go on. */
  stop(): Promise<void>;
  /** Applies the fleet file as it is now. @returns how many changes that made @throws when the file is refused */
  reload(): Promise<number>;
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

/** An exit code that tells a program something, where all is said already. */
export class SaidAlready extends CliError {
  constructor(exitCode: ExitCode) {
    super(exitCode, '');
    this.name = 'SaidAlready';
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
