import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import {
  type CountedEvent,
  type FleetNumbers,
  type TargetGroupNumbers,
  WORK_OUTCOMES,
  type Work,
  type WorkOutcome,
} from '../ports/telemetry.ts';
import { CATALOGUE, type MetricName } from './catalogue.ts';
import { forgetSeries } from './forget-series.ts';
import { processNumbers } from './process-metrics.ts';
import type { EndedWork, Sink } from './telemetry.ts';

type NameOf<Type extends string> = {
  [Name in MetricName]: (typeof CATALOGUE)[Name]['type'] extends Type ? Name : never;
}[MetricName];
type Labels = Readonly<Record<string, string>>;

/** What is answered at `/metrics`. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * Drover's metrics. No label is an instance's id or anything else that a client or a machine chooses, so that their number is bounded by what
 * the fleet describes; those of a group, a provider or a load balancer that has gone go with it.
 */
export class Metrics implements Sink {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  /** Which kinds of outcomes have been begun at 0. */
  readonly #begun = new Set<string>();
  #numbers: (() => FleetNumbers) | null = null;
  #names = '';

  /** @param version of Drover */
  constructor(version: string) {
    this.#gauge('drover_build_info').set({ version, node_version: process.versions.node }, 1);
    const names = Object.keys(CATALOGUE) as MetricName[];
    for (const name of names) if (CATALOGUE[name].labels.length === 0) this.#beginAtZero(name);
  }

  /** From now on the fleet's numbers are read from here, at each scrape. */
  follow(numbers: () => FleetNumbers): void {
    this.#numbers = numbers;
  }

  async exposition(): Promise<Exposition> {
    const numbers = this.#numbers?.();
    if (numbers !== undefined) {
      this.#takeFleet(numbers);
      await this.#forgetGone(numbers);
    }
    this.#takeProcess();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  began(work: Work): void {
    if (work.kind !== 'operation') return;
    const { provider, operation: kind } = work;
    this.#gauge('drover_operations_in_progress').inc({ provider, kind });
  }

  ended({ work, durationMs, outcome }: EndedWork): void {
    const seconds = durationMs / 1_000;
    switch (work.kind) {
      case 'check': {
        const { group } = work;
        this.#outcome('drover_checks_total', { group }, outcome);
        this.#histogram('drover_check_duration_seconds').observe({ group }, seconds);
        return;
      }
      case 'operation': {
        const labels = { provider: work.provider, kind: work.operation };
        this.#gauge('drover_operations_in_progress').dec(labels);
        this.#outcome('drover_operations_total', labels, outcome);
        this.#histogram('drover_operation_duration_seconds').observe(labels, seconds);
        return;
      }
      case 'providerCall': {
        const labels = { provider: work.provider, type: work.type, call: work.call };
        this.#outcome('drover_provider_calls_total', labels, outcome);
        this.#waitsOf(work.provider);
        this.#histogram('drover_provider_call_duration_seconds').observe(labels, seconds);
        return;
      }
      case 'loadBalancerCall': {
        const labels = { load_balancer: work.loadBalancer, call: work.call };
        this.#outcome('drover_load_balancer_calls_total', labels, outcome);
        this.#eventsOf(work.loadBalancer);
        this.#histogram('drover_load_balancer_call_duration_seconds').observe(labels, seconds);
        return;
      }
      case 'commit':
        this.#outcome('drover_store_commits_total', {}, outcome);
        this.#histogram('drover_store_commit_duration_seconds').observe(seconds);
        if (outcome !== 'ok') return;
        for (const { group, reason, level } of work.activities) {
          this.#counter('drover_activities_total').inc({ group: group ?? '', reason, level });
        }
        return;
    }
  }

  counted(event: CountedEvent): void {
    switch (event.kind) {
      case 'rateLimitWait': {
        const { provider, cause, waitMs } = event;
        this.#counter('drover_provider_rate_limit_wait_seconds_total').inc({ provider, cause }, waitMs / 1_000);
        return;
      }
      case 'loadBalancerEvent':
        this.#counter('drover_load_balancer_events_total').inc({
          load_balancer: event.loadBalancer,
          event: event.event,
        });
        return;
      case 'haproxyCommands':
        this.#counter('drover_haproxy_commands_total').inc({ load_balancer: event.loadBalancer }, event.commands);
        return;
      case 'apiRequest': {
        const { method, route, status, durationMs } = event;
        this.#counter('drover_api_requests_total').inc({ method, route, status });
        this.#histogram('drover_api_request_duration_seconds').observe({ method, route }, durationMs / 1_000);
        return;
      }
      case 'loopDelay':
        this.#histogram('drover_event_loop_delay_seconds').observe(event.delayMs / 1_000);
        return;
    }
  }

  /** All outcomes are there from the first one on: what appears with its first failure is no increase for Prometheus. */
  #outcome(name: NameOf<'counter'>, labels: Labels, outcome: WorkOutcome): void {
    const counter = this.#counter(name);
    const kind = [name, ...Object.values(labels)].join('\n');
    if (!this.#begun.has(kind)) {
      const all = WORK_OUTCOMES.map((one) => ({ ...labels, outcome: one }));
      this.#begin(kind, name, all);
    }
    counter.inc({ ...labels, outcome });
  }

  #waitsOf(provider: string): void {
    this.#begin(`waits of ${provider}`, 'drover_provider_rate_limit_wait_seconds_total', [
      { provider, cause: 'refusal' },
      { provider, cause: 'budget' },
    ]);
  }

  #eventsOf(name: string): void {
    const all = ['start', 'reload', 'died', 'hung'].map((event) => ({ load_balancer: name, event }));
    this.#begin(`events of ${name}`, 'drover_load_balancer_events_total', all);
  }

  #begin(kind: string, name: NameOf<'counter'>, all: readonly Labels[]): void {
    if (this.#begun.has(kind)) return;
    this.#begun.add(kind);
    for (const labels of all) this.#counter(name).inc(labels, 0);
  }

  #takeFleet({ fleetVersion, defects, groups, providers, loadBalancers }: FleetNumbers): void {
    this.#gauge('drover_fleet_version').set(fleetVersion);
    this.#setCounter('drover_defects_total', [[{}, defects]]);
    this.#setAll(
      'drover_group_desired_capacity',
      ofEach(groups, ({ desired }) => desired),
    );
    this.#setAll(
      'drover_group_min_size',
      ofEach(groups, ({ minSize }) => minSize),
    );
    this.#setAll(
      'drover_group_max_size',
      ofEach(groups, ({ maxSize }) => maxSize),
    );
    this.#setAll(
      'drover_group_unhealthy_instances',
      ofEach(groups, ({ unhealthy }) => unhealthy),
    );
    this.#setAll(
      'drover_group_launch_suspended',
      ofEach(groups, ({ isLaunchSuspended }) => Number(isLaunchSuspended)),
    );
    this.#setAll(
      'drover_group_instances',
      groups.flatMap(({ name: group, instances }) =>
        [...instances].map(([state, count]): Valued => [{ group, state }, count]),
      ),
    );
    this.#setAll(
      'drover_group_holds',
      groups.flatMap(({ name: group, holds }) =>
        [...Map.groupBy(holds, ({ code }) => code)].map(([code, same]): Valued => [{ group, code }, same.length]),
      ),
    );
    this.#setAll(
      'drover_provider_visible',
      providers.map(({ name: provider, isSeen }): Valued => [{ provider }, Number(isSeen)]),
    );
    const ofBalancers = (value: (one: FleetNumbers['loadBalancers'][number]) => number | null): readonly Valued[] =>
      loadBalancers.flatMap((one): readonly Valued[] => {
        const now = value(one);
        return now === null ? [] : [[{ load_balancer: one.name }, now]];
      });
    this.#setAll(
      'drover_load_balancer_visible',
      ofBalancers(({ isSeen }) => Number(isSeen)),
    );
    this.#setAll(
      'drover_load_balancer_connections',
      ofBalancers(({ connections }) => connections),
    );
    this.#setAll(
      'drover_load_balancer_max_connections',
      ofBalancers(({ maxConnections }) => maxConnections),
    );
    const targetGroups = loadBalancers.flatMap(({ name, targetGroups: ofOne }) =>
      ofOne.map((one): readonly [Labels, TargetGroupNumbers] => [{ load_balancer: name, target_group: one.name }, one]),
    );
    const ofTargetGroups = (value: (one: TargetGroupNumbers) => number): readonly Valued[] =>
      targetGroups.map(([labels, one]): Valued => [labels, value(one)]);
    this.#setCounter(
      'drover_target_group_requests_total',
      ofTargetGroups(({ requestsTotal }) => requestsTotal),
    );
    this.#setCounter(
      'drover_target_group_errors_total',
      ofTargetGroups(({ errors5xxTotal }) => errors5xxTotal),
    );
    this.#setAll(
      'drover_target_group_open_requests',
      ofTargetGroups(({ openRequests }) => openRequests),
    );
    this.#setAll(
      'drover_target_group_queued_requests',
      ofTargetGroups(({ queuedRequests }) => queuedRequests),
    );
    this.#setAll(
      'drover_target_group_targets',
      targetGroups.flatMap(([labels, { targets }]) =>
        [...targets].map(([health, count]): Valued => [{ ...labels, health }, count]),
      ),
    );
  }

  async #forgetGone({ groups, providers, loadBalancers }: FleetNumbers): Promise<void> {
    const present = {
      group: new Set(['', ...groups.map(({ name }) => name)]),
      provider: new Set(providers.map(({ name }) => name)),
      load_balancer: new Set(loadBalancers.map(({ name }) => name)),
    };
    const names = JSON.stringify(Object.values(present).map((set) => [...set]));
    if (names === this.#names) return;
    this.#names = names;
    this.#begun.clear();
    await forgetSeries([...this.#counters.values(), ...this.#histograms.values(), ...this.#gauges.values()], present);
  }

  #takeProcess(): void {
    const { cpuSeconds, residentBytes, startedAtSeconds } = processNumbers();
    this.#setCounter('process_cpu_seconds_total', [[{}, cpuSeconds]]);
    this.#gauge('process_resident_memory_bytes').set(residentBytes);
    this.#gauge('process_start_time_seconds').set(startedAtSeconds);
  }

  /** In place of all that there was: what is not named any more is gone. */
  #setAll(name: NameOf<'gauge'>, values: readonly Valued[]): void {
    const gauge = this.#gauge(name);
    gauge.reset();
    for (const [labels, value] of values) gauge.set(labels, value);
  }

  /** One that is counted elsewhere. */
  #setCounter(name: NameOf<'counter'>, values: readonly Valued[]): void {
    const counter = this.#counter(name);
    counter.reset();
    for (const [labels, value] of values) counter.inc(labels, value);
  }

  #beginAtZero(name: MetricName): void {
    switch (CATALOGUE[name].type) {
      case 'counter':
        return void this.#counter(name as NameOf<'counter'>);
      case 'gauge':
        return void this.#gauge(name as NameOf<'gauge'>);
      case 'histogram':
        return void this.#histogram(name as NameOf<'histogram'>);
    }
  }

  #counter(name: NameOf<'counter'>): Counter {
    return made(this.#counters, name, () => new Counter(this.#configuration(name)));
  }

  #gauge(name: NameOf<'gauge'>): Gauge {
    return made(this.#gauges, name, () => new Gauge(this.#configuration(name)));
  }

  #histogram(name: NameOf<'histogram'>): Histogram {
    const { buckets } = CATALOGUE[name];
    return made(this.#histograms, name, () => new Histogram({ ...this.#configuration(name), buckets: [...buckets] }));
  }

  #configuration(name: MetricName) {
    const { help, labels } = CATALOGUE[name];
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

type Valued = readonly [labels: Labels, value: number];

function ofEach(
  groups: FleetNumbers['groups'],
  value: (group: FleetNumbers['groups'][number]) => number,
): readonly Valued[] {
  return groups.map((group): Valued => [{ group: group.name }, value(group)]);
}

function made<Kind>(known: Map<string, Kind>, name: string, make: () => Kind): Kind {
  const found = known.get(name) ?? make();
  known.set(name, found);
  return found;
}
