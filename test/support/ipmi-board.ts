import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-ports.ts';
import { kill } from './processes.ts';
import { SSHD, type SshHosts } from './sshd.ts';

const SIMULATOR = 'ipmi_sim';
const USER = 'drover';
const PASSWORD = 'for-tests-only';

/**
 * The board of one of the ssh hosts: OpenIPMI's `ipmi_sim` on loopback. What it switches is the host's own sshd; without power its service
 * ends, too, and does not start by itself.
 */
export class IpmiBoard {
  readonly port: number;
  readonly passwordFile: string;
  readonly #hosts: SshHosts;
  readonly #index: number;
  readonly #folder: string;
  #simulator: ChildProcess | null = null;

  private constructor(hosts: SshHosts, index: number, port: number) {
    this.port = port;
    this.#hosts = hosts;
    this.#index = index;
    this.#folder = join(hosts.folder, `board-${index}`);
    this.passwordFile = join(this.#folder, 'password');
  }

  static async of(hosts: SshHosts, index: number): Promise<IpmiBoard> {
    const board = new IpmiBoard(hosts, index, await freePort());
    await board.#start();
    return board;
  }

  /** What a launch template needs to know of it. */
  get variables(): Record<string, string> {
    return { port: String(this.port), password: this.passwordFile };
  }

  /** As somebody at the host would do. */
  async press(state: 'on' | 'off'): Promise<void> {
    await promisify(execFile)(this.#script, ['0x20', 'set', 'power', state === 'on' ? '1' : '0']);
  }

  /** The host hangs: its sshd takes connections and says nothing, and its service is gone. */
  async hang(servicePid: number): Promise<void> {
    process.kill(Number(await readFile(this.#pidFile, 'utf8')), 'SIGSTOP');
    kill(servicePid);
  }

  /** What it was asked to do. */
  async log(): Promise<string> {
    return await readFile(join(this.#folder, 'log'), 'utf8').catch(() => '');
  }

  async dispose(): Promise<void> {
    const simulator = this.#simulator;
    if (simulator !== null && simulator.exitCode === null) {
      simulator.kill('SIGKILL');
      await once(simulator, 'exit');
    }
    await this.press('off');
  }

  get #script(): string {
    return join(this.#folder, 'chassis');
  }

  get #pidFile(): string {
    return join(this.#folder, 'sshd.pid');
  }

  async #start(): Promise<void> {
    const home = this.#hosts.home(this.#index);
    await mkdir(join(this.#folder, 'state'), { recursive: true });
    await writeFile(this.passwordFile, PASSWORD, { mode: 0o600 });
    const sshd = [
      SSHD,
      ...this.#hosts.sshdOptions([this.#hosts.addresses[this.#index] ?? '']),
      '-o',
      `PidFile=${this.#pidFile}`,
    ];
    const script = `#!/bin/sh
off() {
  if [ -e '${this.#pidFile}' ]; then kill -9 "$(cat '${this.#pidFile}')" 2>/dev/null; rm -f '${this.#pidFile}'; fi
  cd '${home}' && ./service stop
}
on() { [ -e '${this.#pidFile}' ] || ${sshd.join(' ')} >/dev/null 2>&1; }
[ "$2" = get ] || echo "$3 $4" >>'${this.#folder}/log'
case "$2 $3 $4" in
  'get power '*) if [ -e '${this.#pidFile}' ]; then echo power:1; else echo power:0; fi ;;
  'set power 0') off ;;
  'set power 1') on ;;
  'set reset '*) off; on ;;
esac
`;
    await writeFile(this.#script, script, { mode: 0o755 });
    const configuration = `name "host${this.#index}"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${this.port}
    priv_limit admin
    allowed_auths_callback none md5
    allowed_auths_user none md5
    allowed_auths_operator none md5
    allowed_auths_admin none md5
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${this.#script} 0x20"
  user 1 true "" "" user 10 none md5
  user 2 true "${USER}" "${PASSWORD}" admin 10 none md5
`;
    await writeFile(join(this.#folder, 'lan.conf'), configuration);
    const controller = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;
    await writeFile(join(this.#folder, 'board.emu'), controller);
    const [file, commands, state] = ['lan.conf', 'board.emu', 'state'].map((name) => join(this.#folder, name));
    this.#simulator = spawn(SIMULATOR, ['-n', '-c', file ?? '', '-f', commands ?? '', '-s', state ?? ''], {
      stdio: 'ignore',
    });
  }
}

/** A command for each host's board. */
export function ipmitool(...verb: readonly string[]): string[] {
  const board = ['-H', '127.0.0.1', '-p', '{{ drover.variables.port }}', '-f', '{{ drover.variables.password }}'];
  return ['ipmitool', '-I', 'lanplus', '-C', '3', '-U', USER, ...board, 'chassis', 'power', ...verb];
}
