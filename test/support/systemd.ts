import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const run = promisify(execFile);

const MANAGER = '/lib/systemd/systemd';
/** What each service depends on without saying so; of this host nothing is started. */
const TARGETS = ['sysinit', 'basic', 'shutdown', 'network-online', 'multi-user'];

/** Why no service manager can be started here; null where it can. */
export function whyNoSystemd(): string | null {
  return geteuid?.() === 0 ? null : 'a service manager of its own takes root';
}

/**
 * A systemd that is process 1 of namespaces of its own (processes, mounts, control groups), and knows no units but those that it is given.
 * It sees this host's files and network; `/run` and `/var/lib` are empty, and gone with it.
 */
export class Systemd {
  readonly #unshare: ChildProcess;
  readonly #pid: number;

  private constructor(unshare: ChildProcess, pid: number) {
    this.#unshare = unshare;
    this.#pid = pid;
  }

  /** @param units text by name */
  static async boot(folder: string, units: Readonly<Record<string, string>>): Promise<Systemd> {
    const path = join(folder, 'units');
    await mkdir(path);
    const targets = TARGETS.map((name) => [`${name}.target`, '[Unit]\nDefaultDependencies=no\n'] as const);
    for (const [name, text] of [...targets, ...Object.entries(units)]) await writeFile(join(path, name), text);
    const mounts = ['-t tmpfs tmpfs /run', '-t tmpfs tmpfs /var/lib', '-t cgroup2 none /sys/fs/cgroup'];
    const environment = `PATH="$PATH" TMPDIR="$TMPDIR" container=other SYSTEMD_UNIT_PATH=${path}`;
    const manager = `env -i ${environment} ${MANAGER} --system --unit=basic.target --log-target=null --show-status=no`;
    const script = [...mounts.map((mount) => `mount ${mount}`), `exec ${manager}`].join(' && ');
    const unshare = spawn('unshare', ['--fork', '--pid', '--mount', '--cgroup', '--mount-proc', 'sh', '-c', script], {
      env: { ...process.env, TMPDIR: folder },
      stdio: 'ignore',
    });
    await once(unshare, 'spawn');
    const systemd = new Systemd(unshare, await childOf(unshare.pid ?? 0));
    await expect.poll(() => systemd.systemctl('is-active', 'basic.target')).toMatchObject({ said: 'active' });
    return systemd;
  }

  /** A path of the service manager's own as others on this host reach it. */
  inside(path: string): string {
    return `/proc/${this.#pid}/root${path}`;
  }

  async systemctl(...words: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
    const enter = ['--target', `${this.#pid}`, '--mount', '--pid', '--cgroup', 'systemctl', ...words];
    return run('nsenter', enter).then(
      ({ stdout }) => ({ code: 0, said: stdout.trim() }),
      ({ code, stdout, stderr }) => ({ code, said: `${stdout}${stderr}`.trim() }),
    );
  }

  async property(unit: string, name: string): Promise<string> {
    return (await this.systemctl('show', '--value', `--property=${name}`, unit)).said;
  }

  /** In the unit's control group, by the pids that this host knows them by. */
  async processesOf(unit: string): Promise<readonly number[]> {
    const path = this.inside(`/sys/fs/cgroup/system.slice/${unit}/cgroup.procs`);
    const pids = await readFile(path, 'utf8').catch(() => '');
    return (pids.match(/\d+/g) ?? []).map(Number).toSorted((a, b) => a - b);
  }

  /** Process 1 and all that it has started. */
  async end(): Promise<void> {
    const ended = once(this.#unshare, 'exit');
    process.kill(this.#pid, 'SIGKILL');
    await ended;
  }
}

async function childOf(pid: number): Promise<number> {
  const path = `/proc/${pid}/task/${pid}/children`;
  let child = '';
  await expect
    .poll(async () => {
      child = (await readFile(path, 'utf8')).trim();
      return child;
    })
    .not.toBe('');
  return Number(child);
}
