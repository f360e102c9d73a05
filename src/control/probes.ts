import type { ProbeSighting } from '../decide/snapshot.ts';
import { endpointOf } from '../model/endpoint.ts';
import type { TargetGroup } from '../model/fleet.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asPortError, isDefect } from '../ports/errors.ts';
import type { Probe, ProbeAnswer } from '../ports/probe.ts';
import { Stopwatch } from './stopwatch.ts';

/** How many servers are asked at once; the others stay wanted. */
const MAX_PROBES = 16;
/** On top of the health check's own timeout. */
const SLACK_MS = 1_000;

/** The probes of servers whose fate depends on one, beside the loop. */
export class Probes {
  readonly #probe: Probe;
  readonly #clock: Clock;
  readonly #onAnswer: () => void;
  readonly #onDefect: (error: unknown) => void;
  readonly #running = new Set<InstanceId>();
  readonly #answers = new Map<InstanceId, { readonly asked: Stopwatch; readonly answer: ProbeAnswer }>();
  readonly #stop = new AbortController();

  /** @param onDefect called with programming errors: what met one says nothing about the server */
  constructor(probe: Probe, clock: Clock, onAnswer: () => void, onDefect: (error: unknown) => void) {
    this.#probe = probe;
    this.#clock = clock;
    this.#onAnswer = onAnswer;
    this.#onDefect = onDefect;
  }

  get answers(): ReadonlyMap<InstanceId, ProbeSighting> {
    return new Map([...this.#answers].map(([id, { asked, answer }]) => [id, { at: asked.startedAt, ...answer }]));
  }

  /** Asks one server what each of its target groups would ask it; healthy is who satisfies them all, and one answer shows that it answers. */
  ask({ id, machine }: Instance, targetGroups: readonly TargetGroup[]): void {
    const places = targetGroups.flatMap(({ port, healthCheck }) => {
      const endpoint = machine === null ? null : endpointOf(machine, healthCheck.port ?? port);
      return endpoint === null ? [] : [{ endpoint, healthCheck }];
    });
    if (places.length === 0 || this.#running.has(id) || this.#running.size >= MAX_PROBES) return;
    this.#running.add(id);
    const asked = new Stopwatch(this.#clock);
    const checks = places.map(({ endpoint, healthCheck }) =>
      withDeadline(this.#clock, healthCheck.timeoutMs + SLACK_MS, this.#stop.signal, (signal) =>
        this.#probe.check(endpoint, healthCheck, signal),
      ).catch((error: unknown) => {
        if (isDefect(error)) throw error;
        return { healthy: false, answered: false, detail: asPortError(error).message };
      }),
    );
    const answered = Promise.all(checks).finally(() => this.#running.delete(id));
    answered.then((answers) => {
      const worst = answers.find(({ healthy }) => !healthy) ?? answers[0];
      if (worst === undefined || this.#stop.signal.aborted) return;
      const answer = { ...worst, answered: answers.some(({ answered }) => answered) };
      this.#answers.set(id, { asked, answer });
      this.#onAnswer();
    }, this.#onDefect);
  }

  /** Forgets those that are gone. */
  keep(isKept: (id: InstanceId) => boolean): void {
    for (const id of this.#answers.keys()) if (!isKept(id)) this.#answers.delete(id);
  }

  stop(): void {
    this.#stop.abort();
  }
}
