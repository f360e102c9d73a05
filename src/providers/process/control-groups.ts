/**
 * Limits of the kernel's control groups, version 2 (https://docs.kernel.org/admin-guide/cgroup-v2.html): one group for each server, below the one
 * that the service manager has delegated to Drover.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../../base/quoted.ts';
import { runProgram } from '../../base/run-program.ts';
import { errorCode } from '../../base/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';

const MOUNT = '/sys/fs/cgroup';
/** Where Drover itself, HAProxy and servers without limits are: a group whose children are limited has no processes of its own. */
const LEAF = 'controller';
const MAX_MOVES = 100;
const KILL_POLL_MS = 20;
const MAX_KILL_POLLS = 250;
const CPU_PERIOD_US = 100_000;
const SYSTEMCTL_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
const REMEDY = 'run Drover as a systemd service with Delegate=yes (docs/service.md), or leave memory and cpus out';

/** What a group is limited to: values by the names of its files, which begin with their controller's. */
export type Limits = Readonly<Record<string, string>>;

/** @param memoryBytes of all processes of a server together @param cpus as whole processors' time */
export function limitsOf(memoryBytes: number | null, cpus: number | null): Limits | null {
  if (memoryBytes === null && cpus === null) return null;
  // With swap, a server that is too large would be slow instead of ended.
  const memory = memoryBytes === null ? {} : { 'memory.max': String(memoryBytes), 'memory.swap.max': '0' };
  return { ...memory, ...(cpus === null ? {} : { 'cpu.max': `${Math.round(cpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}` }) };
}

function controllersOf(limits: Limits): string[] {
  return [...new Set(Object.keys(limits).map((file) => file.split('.')[0] ?? ''))];
}

export interface ControlGroupsHost {
  readonly mount: string;
  /** The file that says in which group this process is. */
  readonly ownFile: string;
  /** Why a group is not Drover's to divide; null where it is. @param path below the mount */
  readonly whyNotDelegated: (path: string, clock: Clock) => Promise<string | null>;
}

const THIS_HOST: ControlGroupsHost = {
  mount: MOUNT,
  ownFile: '/proc/self/cgroup',
  whyNotDelegated: whyNotDelegatedBySystemd,
};

/** Why this host can limit no server in this way, whoever runs Drover; null where it can. */
export function whyNoLimits(limits: Limits, mount = MOUNT): string | null {
  const has = words(join(mount, 'cgroup.controllers'));
  if (has === null) return `this host has no cgroup v2 at ${mount}`;
  const missing = controllersOf(limits).filter((one) => !has.includes(one));
  return missing.length === 0 ? null : `cgroup v2 of this host has no controller ${missing.join(' and none ')}`;
}

export class ControlGroups {
  readonly #host: ControlGroupsHost;
  readonly #clock: Clock;
  /** The group that is known to be Drover's. */
  #delegated: string | null = null;

  constructor(clock: Clock, host = THIS_HOST) {
    this.#clock = clock;
    this.#host = host;
  }

  /**
   * Makes ready what servers' groups are made in. Drover and whatever else is in its group go to a leaf of it.
   * @returns the folder @throws PortError `Invalid` where servers cannot be limited
   */
  async ready(limits: Limits): Promise<string> {
    const refuse = (why: string) => {
      return new PortError('Invalid', 'noLimits', `Servers cannot be limited here: ${why}; ${REMEDY}.`);
    };
    const why = whyNoLimits(limits, this.#host.mount);
    if (why !== null) throw refuse(why);
    const own = /^0::(\/.*)$/m.exec(readFileSync(this.#host.ownFile, 'utf8'))?.[1] ?? '/';
    const path = basename(own) === LEAF ? dirname(own) : own;
    const notOurs = await this.#whyNotOurs(path);
    if (notOurs !== null) throw refuse(notOurs);
    const base = join(this.#host.mount, path);
    const missing = controllersOf(limits).filter(
      (one) => words(join(base, 'cgroup.controllers'))?.includes(one) !== true,
    );
    if (missing.length > 0) throw refuse(`the control group ${path} has no controller ${missing.join(' and none ')}`);
    try {
      await this.#emptyInto(base, join(base, LEAF));
      const on = words(join(base, 'cgroup.subtree_control')) ?? [];
      for (const one of controllersOf(limits).filter((controller) => !on.includes(controller)))
        writeFileSync(join(base, 'cgroup.subtree_control'), `+${one}`);
    } catch (error) {
      throw refuse(`the control group ${path} cannot be divided (${reasonOf(error)})`);
    }
    return base;
  }

  /** Runs what spawns a server, so that the server is in the group from its first moment: a child is where its parent is. */
  within<T>(group: string, spawn: () => T): T {
    mkdirSync(group, { recursive: true });
    enter(group);
    try {
      return spawn();
    } finally {
      enter(join(dirname(group), LEAF));
    }
  }

  /** Sets a group's limits, also anew. Only once Drover is out of it again. @throws PortError `Transient` */
  limit(group: string, limits: Limits): void {
    try {
      for (const [file, value] of Object.entries(limits)) {
        // A kernel without swap has no file for it.
        if (file !== 'memory.swap.max' || existsSync(join(group, file))) writeFileSync(join(group, file), value);
      }
    } catch (error) {
      throw new PortError('Transient', 'notLimited', `${group} cannot be limited: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  /** How many processes of the group the kernel has ended because the group had no memory left. */
  oomKills(group: string): number {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(group, 'memory.events'), 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  }

  /** Ends what is left in a group, and removes it. @throws PortError `Transient` where something survives */
  async remove(group: string): Promise<void> {
    for (let polls = 0; existsSync(group); polls += 1) {
      try {
        rmdirSync(group);
        return;
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return;
        if (polls >= MAX_KILL_POLLS) {
          const message = `The control group ${group} cannot be removed: ${reasonOf(error)}`;
          throw new PortError('Transient', 'notRemoved', message, { cause: error });
        }
      }
      const kill = join(group, 'cgroup.kill');
      if (existsSync(kill)) writeFileSync(kill, '1');
      await this.#clock.sleep(KILL_POLL_MS);
    }
  }

  /** Removes empty groups of servers whose records are gone, as a crash leaves them. */
  sweep(base: string, prefix: string, kept: readonly string[]): void {
    for (const { name } of readdirSync(base, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
      if (!name.startsWith(prefix) || kept.includes(join(base, name))) continue;
      try {
        rmdirSync(join(base, name));
      } catch {
        // Somebody is in it, or it is gone.
      }
    }
  }

  /** The root of a namespace of its own (a container) is whoever's who is in it; else the service manager says. */
  async #whyNotOurs(path: string): Promise<string | null> {
    if (path === '/')
      return existsSync(join(this.#host.mount, 'cgroup.events'))
        ? null
        : 'Drover is in the control group of the whole host';
    if (path === this.#delegated) return null;
    const why = await this.#host.whyNotDelegated(path, this.#clock);
    if (why === null) this.#delegated = path;
    return why;
  }

  async #emptyInto(base: string, leaf: string): Promise<void> {
    mkdirSync(leaf, { recursive: true });
    // What is started meanwhile comes after.
    for (let moves = 0; moves < MAX_MOVES; moves += 1) {
      const pids = words(join(base, 'cgroup.procs')) ?? [];
      if (pids.length === 0) return;
      for (const pid of pids) {
        try {
          writeFileSync(join(leaf, 'cgroup.procs'), pid);
        } catch (error) {
          if (errorCode(error) !== 'ESRCH') throw error;
        }
      }
    }
  }
}

/** This process, with all of its threads, goes there. */
function enter(group: string): void {
  writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
}

function words(path: string): string[] | null {
  try {
    return readFileSync(path, 'utf8')
      .split(/\s+/)
      .filter((word) => word !== '');
  } catch {
    return null;
  }
}

/**
 * Asks systemd whether it has given a unit's group away, and could start Drover again once that is divided: before version 254 it starts nothing in a
 * group that is.
 */
async function whyNotDelegatedBySystemd(path: string, clock: Clock): Promise<string | null> {
  const unit = basename(path);
  if (!/\.(?:service|scope)$/.test(unit)) return `the control group ${path} is no unit of systemd's`;
  const manager = /\/user@\d+\.service\//.test(path) ? ['--user'] : [];
  const properties = ['Delegate', 'DelegateSubgroup', 'ExecStopPost'].map((name) => `--property=${name}`);
  const command = ['systemctl', ...manager, 'show', ...properties, '--', unit];
  const program = { command, workingDirectory: '/', maxOutputBytes: MAX_ANSWER_BYTES };
  const { signal } = new AbortController();
  const asked = withDeadline(clock, SYSTEMCTL_TIMEOUT_MS, signal, (bounded) => runProgram(program, clock, bounded));
  const end = await asked.catch(() => null);
  if (end?.code !== 0) return `systemctl does not say whether the control group ${path} is delegated to Drover`;
  return whyNotDelegated(unit, end.output);
}

/** @param shown what `systemctl show` says of a unit @internal apart for its tests */
export function whyNotDelegated(unit: string, shown: string): string | null {
  const values = new Map(shown.split('\n').map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]));
  if (values.get('Delegate') !== 'yes') return `the control group of ${unit} is not delegated to Drover`;
  if (values.get('DelegateSubgroup') === LEAF) return null;
  if (values.get('ExecStopPost')?.includes('cgroup.subtree_control') === true) return null;
  return `${unit} could not be started again: it lacks the ExecStopPost of docs/service.md, or DelegateSubgroup=${LEAF} with systemd from 254 on`;
}
