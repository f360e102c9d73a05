import { PassThrough } from 'node:stream';
import type { z } from 'zod';
import { backoffMs } from '../../base/backoff.ts';
import { type Program, ProgramError, runProgram, whyFailed } from '../../base/run-program.ts';
import { KeyedSerial } from '../../base/serial.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest, LogsWanted, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { LineCutter } from '../line-cutter.ts';
import { readSecret } from '../secret.ts';
import { PROTOCOL, type Request, replySchemas, type Verb } from './protocol.ts';
import { type Bounds, listOf, machineOf, replyOf } from './replies.ts';
import { type ExecSettings, readSettings, readTemplate } from './settings.ts';

/** A list of 5,000 machines, the most that a group has, with room to spare. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const WATCH_AGAIN = { minMs: 1_000, maxMs: 60_000 };
/** A watch that went on for so long has worked. */
const WORKED_MS = 60_000;

/** What every request says, and a program's variables with it. */
type Said = Readonly<Record<string, JsonObject[string]>>;

/** Servers from a program of the user's own. */
export class ExecProvider implements Provider {
  readonly #settings: ExecSettings;
  readonly #context: ProviderContext;
  readonly #clock: Clock;
  readonly #bounds: Bounds;
  readonly #queue = new KeyedSerial();
  readonly #closed = new AbortController();
  readonly #watches = new Set<Promise<void>>();

  readonly logs?: NonNullable<Provider['logs']>;

  constructor(context: ProviderContext) {
    this.#context = context;
    this.#clock = context.clock;
    this.#settings = readSettings(context.settings);
    this.#bounds = { ...this.#settings, fleet: context.fleet };
    if (this.#settings.logs) this.logs = (...asked) => this.#logs(...asked);
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const { instanceId, group, serves, launchTemplateVersion, placement } = request;
    return this.#inTurn(instanceId, signal, async () => {
      const settings = readTemplate(request.settings);
      const said = { instanceId, group, serves, launchTemplateVersion, ...placement, settings };
      const { machine: answered } = await this.#ask('launch', said, replySchemas.launch, signal);
      const machine = machineOf(answered, this.#bounds, `${this.#asked('launch')}: its machine`);
      for (const [tag, wanted] of Object.entries({ instanceId, group })) {
        const is = tag === 'group' ? machine.group : machine.instanceId;
        if (is === wanted) continue;
        const message = `${this.#asked('launch')} answers with a machine of the ${tag} ${is}, and was asked for one of ${wanted}`;
        throw new PortError('Transient', 'reply', message);
      }
      return machine;
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, async () =>
      listOf(await this.#ask('list', {}, replySchemas.list, signal), this.#bounds, this.#asked('list')),
    );
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(`terminate ${machineId}`, signal, async () => {
      await this.#ask('terminate', { machineId }, replySchemas.terminate, signal);
    });
  }

  watch(onChange: () => void): () => void {
    if (!this.#settings.watch) return () => {};
    const stop = new AbortController();
    const watch = this.#watch(onChange, AbortSignal.any([stop.signal, this.#closed.signal]));
    this.#watches.add(watch);
    void watch.finally(() => this.#watches.delete(watch));
    return () => stop.abort();
  }

  /** What the program prints, line by line; what nobody reads in time is left out. */
  async *#logs(machineId: string, wanted: LogsWanted, signal: AbortSignal): AsyncGenerator<string> {
    const program = await this.#program('logs', { machineId, ...wanted });
    const output = new PassThrough();
    const onOutput = (chunk: Buffer) => {
      if (output.readableLength < MAX_OUTPUT_BYTES) output.write(chunk);
    };
    const done = new AbortController();
    const until = AbortSignal.any([signal, done.signal, this.#closed.signal]);
    const ended = runProgram({ ...program, onOutput }, this.#clock, until).finally(() => output.end());
    ended.catch(() => {});
    const cutter = new LineCutter();
    try {
      for await (const chunk of output) yield* cutter.push(chunk as Buffer);
      yield* cutter.end();
      const why = whyFailed(await ended);
      if (why !== null) throw new PortError('Transient', 'failed', `${this.#asked('logs')} ${why}`);
    } catch (error) {
      if (!until.aborted) throw this.#asPortError('logs', error);
    } finally {
      done.abort();
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#watches);
  }

  /** One call at a time for one machine: programs are spared what they would need a lock for. */
  #inTurn<T>(key: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return untilAborted(signal, () => this.#queue.run(key, call));
  }

  async #ask<T>(verb: Verb, said: Said, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const program = await this.#program(verb, said);
    try {
      return replyOf(await runProgram(program, this.#clock, signal), schema, this.#asked(verb));
    } catch (error) {
      throw this.#asPortError(verb, error);
    }
  }

  async #program(verb: Verb, said: Said): Promise<Program> {
    const { command, workingDirectory, environment, secrets } = this.#settings;
    const { fleet, dataDir } = this.#context;
    const request: Request = { protocol: PROTOCOL, verb, fleet, dataDir, ...said };
    const secretVariables: Record<string, string> = {};
    for (const [name, secret] of Object.entries(secrets)) secretVariables[name] = await readSecret(secret);
    return {
      command: [...command, verb],
      workingDirectory,
      environment: { ...environment, ...secretVariables, ...variablesOf(request) },
      input: `${JSON.stringify(request)}\n`,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    };
  }

  /** Runs the watching program again and again: each line of it is a hint. */
  async #watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = this.#clock.steadyMs();
      try {
        const program = await this.#program('watch', {});
        const onOutput = (chunk: Buffer) => {
          if (chunk.includes('\n') && !signal.aborted) onChange();
        };
        const end = await runProgram({ ...program, onOutput }, this.#clock, signal);
        this.#context.onProblem(`${this.#asked('watch')} ${whyFailed(end) ?? 'has ended'}; it is started again`);
      } catch (error) {
        if (signal.aborted) return;
        this.#context.onProblem(`${this.#asPortError('watch', error).message}; it is tried again`);
      }
      failures = this.#clock.steadyMs() - startedAt > WORKED_MS ? 1 : failures + 1;
      await this.#clock.sleep(backoffMs(failures, WATCH_AGAIN, 0), signal);
    }
  }

  /** The program with its verb, as sentences begin. */
  #asked(verb: Verb): string {
    return `${this.#settings.command[0]} ${verb}`;
  }

  #asPortError(verb: Verb, error: unknown): PortError {
    if (error instanceof PortError) return error;
    if (!(error instanceof ProgramError)) throw error;
    const message = `${this.#asked(verb)} ${error.message}`;
    switch (error.code) {
      case 'notFound':
      case 'notExecutable':
      case 'noFolder':
        return new PortError('Invalid', error.code, message, { cause: error });
      case 'givenUp':
      case 'tooMuchOutput':
      case 'failed':
        return new PortError('Transient', error.code, message, { cause: error });
    }
  }
}

/** What a shell script needs of a request, so that it reads no JSON: `instanceId` is DROVER_INSTANCE_ID. */
function variablesOf(request: Request): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request).flatMap(([key, value]) => {
      if (typeof value === 'object' && value !== null) return [];
      return [[`DROVER_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`, String(value ?? '')]];
    }),
  );
}
