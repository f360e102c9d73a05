import { type BackoffLimits, backoffMs } from '../base/backoff.ts';
import type { Outcome } from '../decide/snapshot.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asFailure, asPortError } from '../ports/errors.ts';
import type { Provider, ProviderCapabilities } from '../ports/provider.ts';
import type { Throttle } from './throttle.ts';

/** One try at ending a machine, from the first call until the provider does not know it any more. */
const TERMINATE_TIMEOUT_MS = 120_000;
const TERMINATE_POLL: BackoffLimits = { minMs: 50, maxMs: 5_000 };

/**
 * The slow calls of one provider, beside the loops: at most one at a time for an instance, bounded in number, each with a
 * deadline and a way to call it off. What they come to is handed back as an outcome for the next decision.
 */
export class Operations {
  readonly #provider: Provider;
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #throttle: Throttle;
  readonly #running = new Map<InstanceId, { readonly abort: AbortController; readonly done: Promise<void> }>();

  constructor(provider: Provider, capabilities: ProviderCapabilities, clock: Clock, throttle: Throttle) {
    this.#provider = provider;
    this.#limit = capabilities.concurrentOperations;
    this.#clock = clock;
    this.#throttle = throttle;
  }

  isBusy(id: InstanceId): boolean {
    return this.#running.has(id);
  }

  /** @param serves whether the group is behind a load balancer */
  launch(instance: Instance, serves: boolean, timeoutMs: number, report: (outcome: Outcome) => void): void {
    const { id: instanceId, group, launchTemplate } = instance;
    const request = { instanceId, group, serves, settings: launchTemplate.settings };
    this.#start(
      instanceId,
      timeoutMs,
      async (signal) => {
        const machine = await this.#throttle.call(signal, () => this.#provider.launch(request, signal));
        return { kind: 'launched', instanceId, machine, at: this.#clock.now() };
      },
      'launchFailed',
      report,
    );
  }

  terminate(instance: Instance, report: (outcome: Outcome) => void): void {
    const { id: instanceId, machine } = instance;
    if (machine === null) return;
    this.#start(
      instanceId,
      TERMINATE_TIMEOUT_MS,
      async (signal) => {
        await this.#untilNotFound(machine.id, signal);
        return { kind: 'ended', instanceId, at: this.#clock.now() };
      },
      'endFailed',
      report,
    );
  }

  abort(id: InstanceId): void {
    this.#running.get(id)?.abort.abort();
  }

  /** Calls off all that is under way and waits until it has let go. */
  async stop(): Promise<void> {
    for (const { abort } of this.#running.values()) abort.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Does nothing while the instance has an operation or the provider has as many as it bears: what stays due is asked for again. */
  #start(
    id: InstanceId,
    timeoutMs: number,
    run: (signal: AbortSignal) => Promise<Outcome>,
    failed: 'launchFailed' | 'endFailed',
    report: (outcome: Outcome) => void,
  ): void {
    if (this.#running.has(id) || this.#running.size >= this.#limit) return;
    const abort = new AbortController();
    const done = withDeadline(this.#clock, timeoutMs, abort.signal, run)
      .catch((error): Outcome => ({ kind: failed, instanceId: id, failure: asFailure(error, this.#clock.now()) }))
      .then((outcome) => {
        this.#running.delete(id);
        report(outcome);
      });
    this.#running.set(id, { abort, done });
  }

  async #untilNotFound(machineId: string, signal: AbortSignal): Promise<void> {
    for (let polls = 1; !signal.aborted; polls += 1) {
      try {
        await this.#throttle.call(signal, () => this.#provider.terminate(machineId, signal));
      } catch (error) {
        if (asPortError(error).reaction === 'NotFound') return;
        throw error;
      }
      await this.#clock.sleep(backoffMs(polls, TERMINATE_POLL, 0), signal);
    }
  }
}
