import type { AutoScalingGroup } from '../model/fleet.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { Metric } from '../model/metric.ts';
import type { Reading } from '../model/observation.ts';
import type { MeasuredServer, MetricSource, Observed } from '../ports/metric-source.ts';
import type { ControllerOptions } from './controller-options.ts';
import { keepRunning, reportingDefects } from './defects.ts';
import { FileWatch } from './file-watch.ts';
import type { GroupContext } from './group-context.ts';
import { GroupLoop } from './group-loop.ts';
import type { MetricHistory } from './metric-history.ts';
import { MetricWatch } from './metric-watch.ts';

/** What a group is connected with while it runs: the parts of the controller that it shares with the others. */
export interface GroupNeighbours
  extends Pick<
    GroupContext,
    | 'fleet'
    | 'mode'
    | 'machines'
    | 'zones'
    | 'operations'
    | 'processOf'
    | 'throttled'
    | 'targetGroups'
    | 'targets'
    | 'onMembersChanged'
    | 'onProvidersChanged'
    | 'onShown'
  > {
  /** How long until what is seen of a group's machines and targets is too old to go by. */
  readonly sightEndsInMs: (group: GroupLoop) => number;
  /** The newest observation of each load balancer. */
  readonly observations: () => readonly Observed[];
  readonly history: MetricHistory;
}

interface Feed {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** One auto scaling group as it runs: its loop, and the watches over what feeds it, which come and go with the fleet. */
export class RunningGroup {
  readonly loop: GroupLoop;
  readonly #options: ControllerOptions;
  readonly #neighbours: GroupNeighbours;
  readonly #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();
  #file: (Feed & { readonly path: string; readonly watch: FileWatch }) | null = null;
  /** By what they watch: a metric that has changed is another one. */
  readonly #metrics = new Map<string, Feed & { readonly watch: MetricWatch }>();

  constructor(
    group: AutoScalingGroup,
    stored: { memory: GroupMemory | undefined; instances: readonly Instance[] },
    options: ControllerOptions,
    neighbours: GroupNeighbours,
  ) {
    this.#options = options;
    this.#neighbours = neighbours;
    const { clock, ids, store, probe, commands, telemetry, onProblem, onDefect, onUnannounced } = options;
    this.loop = new GroupLoop(group, stored, {
      ...neighbours,
      clock,
      ids,
      store,
      probe,
      commands,
      telemetry,
      onProblem,
      onDefect,
      file: () => this.#file?.watch.reading ?? null,
      metrics: () => this.#readings(),
      histories: () => this.#histories(),
      staleInMs: () => this.#staleInMs(),
      onUnannounced: (found) => onUnannounced(`group ${group.name}: ${found}`),
    });
  }

  get name(): string {
    return this.loop.group.name;
  }

  /** Whether it was asked to stop. */
  get isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  run(): void {
    this.#follow(this.loop.group);
    this.#done = keepRunning(`group ${this.name}`, this.#options, this.#stop.signal, (signal) => this.loop.run(signal));
  }

  /** Goes on with the group as it is described now. What feeds it is kept where it is the same. */
  update(group: AutoScalingGroup): void {
    this.#follow(group);
    this.loop.update(group);
  }

  /** Nothing more is decided from now on; an operation that is under way reports to nobody. */
  abort(): void {
    this.#stop.abort();
    for (const feed of this.#feeds) feed.stop.abort();
  }

  /** Resolves when all of it has ended. */
  async stop(): Promise<void> {
    this.abort();
    await Promise.all([this.#done, ...this.#feeds.map(({ done }) => done)]);
  }

  get #feeds(): readonly Feed[] {
    return [...(this.#file === null ? [] : [this.#file]), ...this.#metrics.values()];
  }

  #follow(group: AutoScalingGroup): void {
    this.#followFile(group.desiredCapacityFile);
    const wanted = new Map(group.metrics.map((metric) => [JSON.stringify(metric), metric]));
    for (const [key, { stop }] of this.#metrics) {
      if (wanted.has(key)) continue;
      stop.abort();
      this.#metrics.delete(key);
    }
    for (const [key, metric] of wanted) if (!this.#metrics.has(key)) this.#metrics.set(key, this.#startMetric(metric));
  }

  #followFile(path: string | null): void {
    if (this.#file?.path === path) return;
    this.#file?.stop.abort();
    this.#file = null;
    if (path === null) return;
    const what = `the watch over ${path}`;
    const source = this.#reported(what, this.#options.desiredFile(path));
    const watch = new FileWatch(source, this.#options.clock, () => this.loop.notify());
    this.#file = { path, watch, ...this.#start(what, (signal) => watch.run(signal)) };
  }

  #startMetric(metric: Metric): Feed & { readonly watch: MetricWatch } {
    const { clock } = this.#options;
    const what = `metric ${metric.name} of group ${this.name}`;
    const source = this.#reported(what, this.#sourceOf(metric));
    const watch = new MetricWatch([{ metric, source }], clock, (name, reading) => {
      this.#neighbours.history.take(this.name, name, reading);
      this.loop.notify();
    });
    return { watch, ...this.#start(what, (signal) => watch.run(signal)) };
  }

  #sourceOf(metric: Metric): MetricSource {
    return this.#options.metricSource(metric, {
      observations: this.#neighbours.observations,
      servers: (): readonly MeasuredServer[] => this.loop.servers,
      isOwn: (id: InstanceId) => this.loop.has(id),
    });
  }

  #start(what: string, run: (signal: AbortSignal) => Promise<void>): Feed {
    const stop = new AbortController();
    return { stop, done: keepRunning(what, this.#options, stop.signal, run) };
  }

  /** The source, with its programming errors reported: for the watch they are readings that failed. */
  #reported(what: string, source: MetricSource): MetricSource {
    return {
      read: (signal) => reportingDefects(what, this.#options.onDefect, () => source.read(signal)),
      watch: (onChange) => source.watch(onChange),
    };
  }

  #readings(): ReadonlyMap<string, Reading> {
    return new Map([...this.#metrics.values()].flatMap(({ watch }) => [...watch.readings()]));
  }

  #histories() {
    const { history } = this.#neighbours;
    return new Map(this.loop.group.scalingPolicies.map(({ metric }) => [metric, history.hourly(this.name, metric)]));
  }

  #staleInMs(): number {
    const metrics = [...this.#metrics.values()].map(({ watch }) => watch.staleInMs);
    return Math.min(this.#neighbours.sightEndsInMs(this.loop), ...metrics);
  }
}
