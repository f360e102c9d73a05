import { type BackoffLimits, backoffMs } from '../base/backoff.ts';
import type { Outcome } from '../decide/snapshot.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asFailure, asPortError } from '../ports/errors.ts';
import type { Provider, ProviderCapabilities } from '../ports/provider.ts';
import type { Telemetry, Work } from '../ports/telemetry.ts';
import { Slots } from './slots.ts';
import type { Throttle } from './throttle.ts';

/** One call that asks for the end of a machine, which may take longer than the call. */
const TERMINATE_CALL_TIMEOUT_MS = 60_000;
/** Commands run on the controller's own host. */
const CONCURRENT_COMMANDS = 8;
const TERMINATE_POLL: BackoffLimits = { minMs: 50, maxMs: 5_000 };

type Report = (outcome: Outcome) => void;

type OperationName = Extract<Work, { kind: 'operation' }>['operation'];

/** What an operation that has failed comes to. */
const FAILED = { launch: 'launchFailed', terminate: 'endFailed', terminationCommand: 'commandEnded' } as const;

/**
 * The slow operations of one provider, beside the loops: at most one at a time for an instance, each with a deadline and a way to call it
 * off, and so many calls at a time as the provider can take. A termination that is awaited takes no call's place. What they come to is handed
 * back as an outcome for the next decision.
 */
export class Operations {
  readonly #provider: Provider;
  readonly #slots: Slots;
  readonly #commandSlots = new Slots(CONCURRENT_COMMANDS);
  readonly #terminateTimeoutMs: number;
  readonly #clock: Clock;
  readonly #throttle: Throttle;
  readonly #telemetry: Telemetry;
  /** Terminations that wait to ask again, by the machine's id. */
  readonly #awaited = new Map<string, AbortController>();
  readonly #running = new Map<InstanceId, { readonly abort: AbortController; readonly done: Promise<void> }>();

  constructor(
    provider: Provider,
    capabilities: ProviderCapabilities,
    clock: Clock,
    throttle: Throttle,
    telemetry: Telemetry,
  ) {
    this.#provider = provider;
    this.#slots = new Slots(capabilities.concurrentOperations);
    this.#terminateTimeoutMs = capabilities.terminateTimeoutMs;
    this.#clock = clock;
    this.#throttle = throttle;
    this.#telemetry = telemetry;
  }

  isBusy(id: InstanceId): boolean {
    return this.#running.has(id);
  }

  /** @param serves whether the group is behind a load balancer */
  launch(instance: Instance, serves: boolean, timeoutMs: number, report: Report): void {
    const { id: instanceId, group, launchTemplate, placement } = instance;
    const { settings, version: launchTemplateVersion } = launchTemplate;
    const request = { instanceId, group, serves, settings, launchTemplateVersion, placement };
    this.#start(
      'launch',
      instance,
      async (signal) => {
        const machine = await this.#call(timeoutMs, signal, (bounded) => this.#provider.launch(request, bounded));
        return { kind: 'launched', instanceId, machine, at: this.#clock.now() };
      },
      report,
    );
  }

  terminate(instance: Instance, report: Report): void {
    const { id: instanceId, machine } = instance;
    if (machine === null) return;
    this.#start(
      'terminate',
      instance,
      async (signal) => {
        await withDeadline(this.#clock, this.#terminateTimeoutMs, signal, (bounded) =>
          this.#untilNotFound(machine.id, bounded),
        );
        return { kind: 'ended', instanceId, at: this.#clock.now() };
      },
      report,
    );
  }

  /** Runs what is to be run for an instance before it is terminated, and reports that it has ended, however. */
  runCommand(instance: Instance, timeoutMs: number, run: (signal: AbortSignal) => Promise<void>, report: Report): void {
    this.#start(
      'terminationCommand',
      instance,
      async (signal) => {
        await this.#commandSlots.run(signal, () => withDeadline(this.#clock, timeoutMs, signal, run));
        return { kind: 'commandEnded', instanceId: instance.id, failure: null };
      },
      report,
    );
  }

  /** The provider has listed its machines: those that it does not have any more need not be waited for. */
  listed(isListed: (machineId: string) => boolean): void {
    for (const [machineId, wait] of this.#awaited) if (!isListed(machineId)) wait.abort();
  }

  abort(id: InstanceId): void {
    this.#running.get(id)?.abort.abort();
  }

  /** Calls off all that is under way and waits until it has let go. */
  async stop(): Promise<void> {
    for (const { abort } of this.#running.values()) abort.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Does nothing while the instance has an operation: what stays due is asked for again. */
  #start(
    operation: OperationName,
    { id, group, launchTemplate: { provider } }: Instance,
    run: (signal: AbortSignal) => Promise<Outcome>,
    report: Report,
  ): void {
    if (this.#running.has(id)) return;
    const abort = new AbortController();
    const work = { kind: 'operation', operation, provider, group, instanceId: id } as const;
    const done = this.#telemetry
      .measure(work, () => run(abort.signal))
      .catch((error) => this.#failed(operation, id, error))
      .then((outcome) => {
        this.#running.delete(id);
        report(outcome);
      });
    this.#running.set(id, { abort, done });
  }

  #failed(operation: OperationName, instanceId: InstanceId, error: unknown): Outcome {
    return { kind: FAILED[operation], instanceId, failure: asFailure(error, this.#clock.now()) };
  }

  /** Its time runs from when it has got its place. */
  #call<T>(timeoutMs: number, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#slots.run(signal, () =>
      withDeadline(this.#clock, timeoutMs, signal, (bounded) => this.#throttle.call(bounded, () => call(bounded))),
    );
  }

  async #untilNotFound(machineId: string, signal: AbortSignal): Promise<void> {
    for (let polls = 1; !signal.aborted; polls += 1) {
      try {
        await this.#call(TERMINATE_CALL_TIMEOUT_MS, signal, (bounded) => this.#provider.terminate(machineId, bounded));
      } catch (error) {
        if (asPortError(error).reaction === 'NotFound') return;
        throw error;
      }
      const wait = new AbortController();
      this.#awaited.set(machineId, wait);
      await this.#clock.sleep(backoffMs(polls, TERMINATE_POLL, 0), AbortSignal.any([signal, wait.signal]));
      this.#awaited.delete(machineId);
    }
  }
}
