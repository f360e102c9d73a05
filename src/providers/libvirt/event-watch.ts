import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { killGroup } from '../../base/run-program.ts';
import { inheritedEnvironment } from '../../base/user-program.ts';
import type { Clock } from '../../ports/clock.ts';
import { Following } from '../following.ts';
import { mayBeOf } from './tags.ts';
import { VIRSH_ENVIRONMENT, type Virsh } from './virsh.ts';

const RESTART = { minMs: 1_000, maxMs: 60_000 };
/** One that has lived so long was connected. */
const CONNECTED_MS = 10_000;

/** Follows what happens to the fleet's domains on one host, by `virsh event`. */
export function followEvents(virsh: Virsh, fleet: string, clock: Clock, onEvent: () => void): Following {
  const follow = async (signal: AbortSignal, onConnected: () => void): Promise<void> => {
    const startedMs = clock.steadyMs();
    const [program = '', ...args] = virsh.commandLine(['event', '--event', 'lifecycle', '--loop']);
    const env = { ...inheritedEnvironment(), ...VIRSH_ENVIRONMENT };
    const child = spawn(program, args, { cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'close').catch(() => undefined);
    // With the ssh that it may have started.
    const onClose = () => killGroup(child.pid);
    signal.addEventListener('abort', onClose, { once: true });
    if (signal.aborted) onClose();
    createInterface(child.stdout).on('line', (line) => {
      const name = /^event 'lifecycle' for domain '?([^':]+)'?:/.exec(line)?.[1];
      if (name !== undefined && mayBeOf(fleet, name)) onEvent();
    });
    await ended;
    signal.removeEventListener('abort', onClose);
    if (clock.steadyMs() - startedMs > CONNECTED_MS) onConnected();
  };
  return new Following(follow, { where: virsh.where, clock, wait: RESTART });
}
