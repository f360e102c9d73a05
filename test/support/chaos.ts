import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../simulation/world/random.ts';
import type { RealFleet } from './fleet.ts';
import { haproxyServers, haproxyWorker } from './haproxy-view.ts';
import { isRunning, kill } from './processes.ts';

const GROUP = 'hello';
const GAP_MIN_MS = 150;
const GAP_MAX_MS = 2_000;
/** For how long there is no controller after it was killed. */
const CONTROLLER_AWAY_MAX_MS = 3_000;
/** How long a controller that is not to live has, from its start. */
const SHORT_LIFE_MAX_MS = 800;
const PROBE_EVERY_MS = 10;
const PROBE_TIMEOUT_MS = 1_000;
const OUTAGE_MAX_MS = 60_000;
const PROBES_IN_A_ROW = 3;
/** Healthy servers that a blow leaves. */
const SPARED = 2;

/** Something that was done to the fleet. */
export interface Blow {
  readonly at: number;
  readonly kind: 'kill server' | 'kill HAProxy' | 'kill controller' | 'start controller' | 'resize' | 'drain';
  readonly what: string;
  /** The instance that it was done to. */
  readonly instanceId: string | null;
}

/** From the blow that HAProxy died of until it answers again, in milliseconds since the epoch. */
export interface Outage {
  readonly from: number;
  until: number;
}

/** Does things to a fleet by chance, for as long as it is told to, and remembers all of it. */
export class Chaos {
  readonly blows: Blow[] = [];
  readonly outages: Outage[] = [];
  /** Controllers that were started, and those of them that came to answer. */
  spawned = 1;
  answered = 1;
  /** The most machines that there were at once. */
  most = 0;
  readonly #fleet: RealFleet;
  readonly #random: Random;
  readonly #sizes: readonly [number, number];
  readonly #underWay = new Set<Promise<void>>();
  #controller: 'up' | 'away' = 'up';
  /** Why the chaos itself cannot go on. */
  #broken: unknown = null;

  constructor(fleet: RealFleet, random: Random, sizes: readonly [number, number]) {
    this.#fleet = fleet;
    this.#random = random;
    this.#sizes = sizes;
  }

  /** Resolves when the time is over, all has answered again and the last command has ended. */
  async run(durationMs: number): Promise<void> {
    const end = Date.now() + durationMs;
    while (Date.now() < end && this.#broken === null) {
      await pause(this.#random.int(GAP_MIN_MS, GAP_MAX_MS));
      await this.#strike();
      this.most = Math.max(this.most, (await this.#machines()).length);
    }
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    if (this.#broken !== null) throw this.#broken;
  }

  async #strike(): Promise<void> {
    const dice = this.#random.int(1, 100);
    if (dice <= 35) await this.#killServers();
    else if (dice <= 50) await this.#killHaproxy();
    else if (dice <= 65) await this.#killController();
    else if (dice <= 78) await this.#resizeByFile();
    else if (dice <= 90) this.#resizeByCommand();
    else await this.#drain();
  }

  async #killServers(): Promise<void> {
    const victims = await this.#spareable();
    const count = this.#random.chance(0.25) ? Math.min(2, victims.length) : Math.min(1, victims.length);
    for (let index = 0; index < count; index += 1) {
      const [victim] = victims.splice(this.#random.int(0, victims.length - 1), 1);
      if (victim === undefined || !(await isRunning(victim.pid))) continue;
      this.#note('kill server', `${victim.id} (pid ${victim.pid})`, victim.id);
      kill(victim.pid);
    }
  }

  async #killHaproxy(): Promise<void> {
    const processes = await this.#fleet.haproxyProcesses();
    const whom = this.#random.pick(['master', 'worker', 'both']);
    const victims = processes.filter(({ leads }) => whom === 'both' || leads === (whom === 'master'));
    if (victims.length === 0) return;
    const open = this.outages.find(({ until }) => until === Number.POSITIVE_INFINITY);
    this.#note('kill HAProxy', `${whom} (pid ${victims.map(({ pid }) => pid).join(', ')})`);
    for (const { pid } of victims) kill(pid);
    if (open !== undefined) return;
    const outage = { from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    this.#begin(this.#untilHaproxyAnswers(outage, new Set(processes.map(({ pid }) => pid))));
  }

  /** New ones answer, and no old one is left that may still take a connection and break it off. */
  async #untilHaproxyAnswers(outage: Outage, old: ReadonlySet<number>): Promise<void> {
    for (let good = 0; good < PROBES_IN_A_ROW; ) {
      await pause(PROBE_EVERY_MS);
      if (Date.now() - outage.from > OUTAGE_MAX_MS) throw new Error('HAProxy does not come back');
      const worker = await haproxyWorker(this.#fleet.haproxyFolder).catch(() => null);
      const gone = !(await this.#fleet.haproxyProcesses()).some(({ pid }) => old.has(pid));
      good = gone && worker !== null && !old.has(worker) && (await this.#answers()) ? good + 1 : 0;
    }
    outage.until = Date.now();
  }

  async #answers(): Promise<boolean> {
    try {
      const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) };
      const response = await fetch(this.#fleet.url, options);
      await response.text();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  async #killController(): Promise<void> {
    if (this.#controller === 'away') return;
    this.#controller = 'away';
    this.#note('kill controller', '');
    await this.#fleet.killController();
    this.#begin(this.#startController());
  }

  async #startController(): Promise<void> {
    await pause(this.#random.int(0, CONTROLLER_AWAY_MAX_MS));
    // Some die again before they have come to themselves.
    while (this.#random.chance(0.4)) {
      this.#fleet.spawnController();
      this.spawned += 1;
      const lifeMs = this.#random.int(0, SHORT_LIFE_MAX_MS);
      this.#note('start controller', `to be killed after ${lifeMs} ms`);
      await pause(lifeMs);
      await this.#fleet.killController();
    }
    this.#note('start controller', '');
    this.spawned += 1;
    await this.#fleet.start();
    this.answered += 1;
    this.#controller = 'up';
  }

  async #resizeByFile(): Promise<void> {
    const size = this.#random.int(...this.#sizes);
    this.#note('resize', `file says ${size}`);
    await writeFile(this.#fleet.desiredFile, `${size}\n`);
  }

  #resizeByCommand(): void {
    const size = this.#random.int(...this.#sizes);
    this.#begin(this.#command('resize', null, 'set-desired', GROUP, String(size)));
  }

  async #drain(): Promise<void> {
    const machines = await this.#machines();
    if (machines.length === 0) return;
    const { id } = this.#random.pick(machines);
    this.#begin(this.#command('drain', id, 'drain', id));
  }

  async #command(kind: Blow['kind'], instanceId: string | null, ...words: readonly string[]): Promise<void> {
    const { code, said } = await this.#fleet.drover(...words);
    const answer = said.trim().replaceAll('\n', ' ');
    this.#note(
      kind,
      `drover ${words.join(' ')}: ${code === 0 ? answer : `refused: ${answer}`}`,
      code === 0 ? instanceId : null,
    );
  }

  /** Healthy servers beyond those that every blow leaves; at most one while HAProxy cannot say who is healthy. */
  async #spareable(): Promise<{ readonly id: string; readonly pid: number }[]> {
    const machines = await this.#machines();
    const servers = await haproxyServers(this.#fleet.haproxyFolder).catch(() => null);
    if (servers === null) return machines.length > SPARED ? machines.slice(0, 1) : [];
    const up = new Set(servers.filter(({ status }) => status === 'UP').map(({ name }) => name));
    const healthy = machines.filter(({ id }) => up.has(id));
    for (let spared = 0; spared < SPARED; spared += 1) healthy.splice(this.#random.int(0, healthy.length - 1), 1);
    return healthy;
  }

  /** Those whose processes live, by the provider's own records, in an order that chance may choose from. */
  async #machines(): Promise<{ readonly id: string; readonly pid: number }[]> {
    const folder = join(this.#fleet.dataDir, 'providers', 'process');
    const machines: { id: string; pid: number }[] = [];
    for (const id of (await readdir(folder)).toSorted()) {
      const record = await readFile(join(folder, id, 'machine.json'), 'utf8').catch(() => null);
      const pid = record === null ? null : (JSON.parse(record).process?.pid ?? null);
      if (pid !== null && (await isRunning(pid))) machines.push({ id, pid });
    }
    return machines;
  }

  #begin(task: Promise<void>): void {
    const tracked = task
      .catch((error: unknown) => {
        this.#broken ??= error;
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #note(kind: Blow['kind'], what: string, instanceId: string | null = null): void {
    this.blows.push({ at: Date.now(), kind, what, instanceId });
  }
}
