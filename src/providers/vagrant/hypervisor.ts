import type { MachineRecord } from './record.ts';

/** A machine as what runs it knows it: a hypervisor, or a container engine. */
export interface HostedMachine {
  readonly isRunning: boolean;
  /** For a person: how it has ended. */
  readonly detail: string;
  /** Those that it has been given; not that of its private network where only Vagrant knows of that. */
  readonly addresses: readonly string[];
}

/**
 * What Vagrant's own provider runs machines with, asked directly: one or two of its programs for all machines, where `vagrant status` starts
 * Ruby for each of them.
 */
export interface Hypervisor {
  /** Those of these machines that exist, by name. @throws PortError where it cannot be asked */
  observe(machines: readonly MachineRecord[], signal: AbortSignal): Promise<ReadonlyMap<string, HostedMachine>>;
  /** The id that Vagrant keeps of a machine. @throws PortError */
  idOf(name: string, signal: AbortSignal): Promise<string>;
  /** Deletes what a machine that is destroyed has left, also one that was half made. @throws PortError */
  sweep(name: string, machineFolder: string, signal: AbortSignal): Promise<void>;
}

/** Runs one of the hypervisor's programs, and gives what it has printed. @throws PortError */
export type RunTool = (command: readonly string[], signal: AbortSignal, input?: string) => Promise<string>;
