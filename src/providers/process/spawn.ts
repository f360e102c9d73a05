import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Account } from '../../base/accounts.ts';
import { openToAppend } from '../../base/files.ts';
import { type ProcessIdentity, readStat } from '../../base/procfs.ts';
import { errorCode } from '../../base/system-error.ts';
import { inheritedEnvironment, limited } from '../../base/user-program.ts';
import { PortError } from '../../ports/errors.ts';
import { asUser } from './account.ts';
import { hostBootId } from './record.ts';
import type { ProcessSettings } from './settings.ts';

/** A child that was spawned. */
export interface Server {
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity;
}

/**
 * Starts a server in a session of its own, with its output appended to the log. It does not keep the controller alive and does
 * not end with it.
 *
 * @param within what spawns it, such as in a control group
 * @throws PortError when it was not spawned: `Invalid` when it can never be, `NoCapacity` when the host has no room for it.
 *   Any other error may come after the spawning.
 */
export async function spawnServer(
  settings: ProcessSettings,
  tags: Readonly<Record<string, string>>,
  logPath: string,
  account: Account | null,
  within: <T>(spawn: () => T) => T,
): Promise<Server> {
  const { command, workingDirectory } = settings;
  const [program = ''] = command;
  const users = account === null ? {} : { HOME: account.home, USER: account.name };
  const env: Record<string, string> = { ...inheritedEnvironment(), ...users, ...settings.environment, ...tags };
  const own = limited(command, { path: env.PATH ?? '', workingDirectory });
  const [file = '', ...args] = account === null ? own : asUser(account, own);
  await using log = await openToAppend(logPath);
  const stdio: StdioOptions = ['ignore', log.fd, log.fd];
  let child: ChildProcess;
  try {
    child = within(() => spawn(file, args, { cwd: workingDirectory, env, detached: true, stdio }));
    // Without a pid the reason follows as an event.
    if (child.pid === undefined) throw (await once(child, 'error'))[0];
  } catch (error) {
    throw spawnError(error, program, workingDirectory);
  }
  child.unref();
  // Read before the event loop can reap the child, so the pid is still its own; 0 when it has exited already.
  const startTicks = readStat(child.pid)?.startTicks ?? 0;
  return { child, identity: { pid: child.pid, startTicks, bootId: hostBootId() } };
}

function spawnError(error: unknown, program: string, workingDirectory: string): PortError {
  const invalid = (code: string, message: string) => new PortError('Invalid', code, message, { cause: error });
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return existsSync(workingDirectory)
        ? invalid('commandNotFound', `${program} was not found: install it, or correct the launch template's command.`)
        : invalid(
            'noWorkingDirectory',
            `The folder ${workingDirectory} does not exist: create it or correct workingDirectory.`,
          );
    case 'EACCES':
      return invalid(
        'commandNotExecutable',
        `${program} may not be executed: check its permissions and those of its folder.`,
      );
    case 'E2BIG':
      return invalid('commandTooLong', `The command and environment for ${program} are longer than the system allows.`);
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return new PortError('NoCapacity', 'noProcess', `The host has no room to start ${program}.`, { cause: error });
    default:
      return new PortError('Transient', 'spawn', `${program} could not be started: ${String(error)}`, { cause: error });
  }
}
