import type Docker from 'dockerode';
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest, LogsWanted } from '../../ports/provider.ts';
import { LineCutter } from '../line-cutter.ts';
import { containerCalls, networkCalls } from './calls.ts';
import { EngineConnection } from './connection.ts';
import { containerSpec } from './container-spec.ts';
import { type EngineSettings, engineUrlOf } from './engine-settings.ts';
import { engineError, statusOf } from './errors.ts';
import { Frames } from './frames.ts';
import { withTag } from './image-name.ts';
import { Images } from './images.ts';
import { containerName, fleetFilter, tagsIn } from './labels.ts';
import { type Container, describeExit, hasStopped, isHalfMade, machineOf } from './machine.ts';
import type { DockerSettings } from './settings.ts';

const LOG_LINES = 20;
const MAX_LOG_CHARACTERS = 8_192;
/** Of the calls of an ending that do not wait for the server. */
const CALL_TIMEOUT_MS = 60_000;
/** The engine's own. */
const DEFAULT_STOP_TIMEOUT_S = 10;
const NO_CONTAINER = 404;
const CONFLICT = 409;

/** One engine, and the fleet's machines on it. */
export class Engine {
  readonly zone: string | null;
  /** In messages. */
  readonly where: string;
  readonly #settings: EngineSettings;
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #connection: EngineConnection;
  readonly #images: Images;
  readonly #closed: AbortSignal;
  /** Why containers have ended, by the engine's id: that does not change. */
  readonly #endings = new Map<string, string>();

  constructor(settings: EngineSettings, fleet: string, clock: Clock, closed: AbortSignal) {
    const url = engineUrlOf(settings.connection);
    this.zone = settings.zone;
    this.where = settings.zone === null ? `the engine at ${url}` : `the host ${settings.zone} (${url})`;
    this.#settings = settings;
    this.#fleet = fleet;
    this.#clock = clock;
    this.#connection = new EngineConnection(settings.connection, clock);
    this.#images = new Images(clock, closed);
    this.#closed = closed;
  }

  /** Does something at the engine. @param what in words @throws PortError */
  async use<T>(what: string, run: (docker: Docker) => Promise<T>): Promise<T> {
    try {
      return await run(await this.#connection.client());
    } catch (error) {
      throw engineError(this.where, what, error);
    }
  }

  /** All machines of the fleet. @throws PortError rather than return a part of them */
  async list(signal: AbortSignal): Promise<readonly Machine[]> {
    const filters = { label: [fleetFilter(this.#fleet)] };
    const listed = await this.use('listing containers', (docker) =>
      docker.listContainers({ all: true, filters, abortSignal: signal }),
    );
    const ids = new Set(listed.map(({ Id }) => Id));
    for (const id of this.#endings.keys()) if (!ids.has(id)) this.#endings.delete(id);
    const machines: Machine[] = [];
    for (const info of listed) {
      const container = listedContainer(info);
      if (container?.tags.fleet !== this.#fleet) continue;
      const ending = hasStopped(container) ? await this.#endingOf(info.Id, signal) : '';
      machines.push(machineOf({ ...container, ending }, this.zone));
    }
    return machines;
  }

  /**
   * Each step can be repeated: an image, a container under a name of its own, its start. One that was made and not started is started by
   * the next call; one that has stopped is not.
   */
  async launch(request: LaunchRequest, settings: DockerSettings, signal: AbortSignal): Promise<Machine> {
    const name = containerName(this.#fleet, request.instanceId);
    const earlier = await this.#make(name, request, settings, signal);
    if (earlier === null || isHalfMade(earlier)) await this.#start(name, signal);
    const container = await this.#inspect(name, signal);
    if (container === null)
      throw new PortError('Transient', 'gone', `The container ${name} on ${this.where} has gone.`);
    return machineOf(container, this.zone);
  }

  /** Null where there is no such machine of the fleet. */
  async find(name: string, signal: AbortSignal): Promise<Container | null> {
    const container = await this.#inspect(name, signal, false);
    return container?.tags.fleet === this.#fleet ? container : null;
  }

  /** What a machine prints. Not every log driver can be read. */
  async *logs(name: string, { lines, follow }: LogsWanted, signal: AbortSignal): AsyncGenerator<string> {
    const asked = { stdout: true, stderr: true, tail: lines, abortSignal: signal } as const;
    const chunks = await this.use('reading a log', async (docker) => {
      const container = containerCalls(docker, name);
      return follow ? await container.logs({ ...asked, follow }) : [await container.logs({ ...asked, follow })];
    });
    const frames = new Frames();
    const cutter = new LineCutter();
    try {
      for await (const chunk of chunks) yield* cutter.push(frames.push(Buffer.from(chunk)));
    } catch (error) {
      if (signal.aborted) return;
      throw engineError(this.where, 'following a log', error);
    }
    yield* cutter.end();
  }

  /** Stops a machine and removes it, with the volumes that are its own. */
  async end(name: string): Promise<void> {
    const stopTimeoutMs = await this.#stopTimeoutMs(name);
    await this.#ending(name, stopTimeoutMs + CALL_TIMEOUT_MS, 'stopping', async (docker, abortSignal) => {
      await containerCalls(docker, name).stop({ abortSignal });
    });
    await this.#ending(name, CALL_TIMEOUT_MS, 'removing', async (docker, abortSignal) => {
      await containerCalls(docker, name).remove({ force: true, v: true, abortSignal });
    });
  }

  close(): void {
    this.#connection.close();
  }

  async #stopTimeoutMs(name: string): Promise<number> {
    let timeoutS = DEFAULT_STOP_TIMEOUT_S;
    await this.#ending(name, CALL_TIMEOUT_MS, 'inspecting', async (docker, abortSignal) => {
      const { Config } = await containerCalls(docker, name).inspect({ abortSignal });
      timeoutS = Config.StopTimeout ?? DEFAULT_STOP_TIMEOUT_S;
    });
    return timeoutS * 1_000;
  }

  async #ending(
    name: string,
    timeoutMs: number,
    what: string,
    run: (docker: Docker, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const bounded = (signal: AbortSignal) =>
      this.use(`${what} ${name}`, async (docker) => {
        try {
          await run(docker, signal);
        } catch (error) {
          // Stopped already, gone already, or on its way.
          const status = statusOf(error);
          if (status === 304 || status === NO_CONTAINER) return;
          if (status === CONFLICT && /already in progress|is not running|not running/i.test(String(error))) return;
          // Podman does not stop what is paused; it is removed all the same.
          if (/is running or paused/i.test(String(error))) return;
          throw error;
        }
      });
    await withDeadline(this.#clock, timeoutMs, this.#closed, bounded, `${what} ${name} on ${this.where}`);
  }

  /**
   * Makes a machine's container. The engine itself refuses a second one of the name, and a missing image, so that nobody asks for either before.
   *
   * @returns the one that was there already; null where it was made now
   */
  async #make(
    name: string,
    request: LaunchRequest,
    settings: DockerSettings,
    signal: AbortSignal,
  ): Promise<Container | null> {
    const { instanceId, group } = request;
    const { address } = this.#settings;
    if (settings.publishedPorts.length > 0 && address === null) {
      throw new PortError(
        'Invalid',
        'noHostAddress',
        `Ports are published at an IP address of ${this.where}, which is not known: write it as address in the provider's settings.`,
      );
    }
    const network = settings.networks[0] ?? '';
    const tags = { fleet: this.#fleet, group, instanceId, launchedAt: this.#clock.now(), network };
    const spec = containerSpec(settings, tags, request, address);
    const create = () =>
      this.use(`making ${name}`, (docker) => docker.createContainer({ ...spec, name, abortSignal: signal }));
    const pull = () => this.use(`the image ${settings.image}`, (docker) => this.#images.pull(docker, settings));
    if (settings.pull === 'always') {
      const earlier = await this.#inspect(name, signal);
      if (earlier !== null) return earlier;
      await pull();
    }
    try {
      await create();
    } catch (error) {
      const earlier = await this.#inspect(name, signal);
      if (earlier !== null) return earlier;
      if (settings.pull === 'always' || !(error instanceof PortError) || error.code !== 'noImage') throw error;
      if (settings.pull === 'never') throw notLoaded(settings.image, this.where, error);
      await pull();
      await create();
    }
    await this.#connect(name, settings.networks.slice(1), signal);
    return null;
  }

  /** The networks beside the one that servers are reached on. */
  async #connect(name: string, networks: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      for (const network of networks) {
        await this.use(`connecting ${name}`, (docker) => networkCalls(docker, network).connect({ Container: name }));
      }
    } catch (error) {
      await this.#undo(name, error, signal);
      throw error;
    }
  }

  async #start(name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.use(`starting ${name}`, (docker) => containerCalls(docker, name).start({ abortSignal: signal }));
    } catch (error) {
      await this.#undo(name, error, signal);
      throw error;
    }
  }

  /** Takes away what a refused launch has made. After an error that may have taken effect it stays, and is finished or ended by what follows. */
  async #undo(name: string, error: unknown, signal: AbortSignal): Promise<void> {
    if (!(error instanceof PortError) || error.reaction === 'Transient' || statusOf(error.cause) === null) return;
    if ((await this.find(name, signal)) === null) return;
    await this.use(`removing ${name}`, (docker) =>
      containerCalls(docker, name).remove({ force: true, v: true, abortSignal: signal }),
    ).catch((left: unknown) => {
      throw new PortError('Transient', 'halfMade', `${error.message} What was made of it could not be removed yet.`, {
        cause: left,
      });
    });
  }

  /** Null where there is none. @param isOurs whether one of somebody else is an error */
  async #inspect(name: string, signal: AbortSignal, isOurs = true): Promise<Container | null> {
    const info = await this.use(`inspecting ${name}`, async (docker) => {
      try {
        return await containerCalls(docker, name).inspect({ abortSignal: signal });
      } catch (error) {
        if (statusOf(error) === NO_CONTAINER) return null;
        throw error;
      }
    });
    const container = info === null ? null : inspectedContainer(info);
    if (info !== null && isOurs && container?.tags.fleet !== this.#fleet) {
      throw new PortError(
        'Invalid',
        'otherContainer',
        `${this.where} has a container ${name} that is not this fleet's; rename it.`,
      );
    }
    return container;
  }

  async #endingOf(id: string, signal: AbortSignal): Promise<string> {
    const known = this.#endings.get(id);
    if (known !== undefined) return known;
    const ending = await this.use('asking why a container has ended', async (docker) => {
      const container = containerCalls(docker, id);
      try {
        const { State } = await container.inspect({ abortSignal: signal });
        const printed = await container
          .logs({ stdout: true, stderr: true, follow: false, tail: LOG_LINES, abortSignal: signal })
          // Not every log driver can be read.
          .then(
            (bytes) => new Frames().push(bytes).toString().slice(-MAX_LOG_CHARACTERS),
            () => '',
          );
        return describeExit({ code: State.ExitCode, isOutOfMemory: State.OOMKilled, error: State.Error, printed });
      } catch (error) {
        if (statusOf(error) === NO_CONTAINER) return '';
        throw error;
      }
    });
    this.#endings.set(id, ending);
    return ending;
  }
}

function notLoaded(image: string, where: string, cause: PortError): PortError {
  const what = `The image ${withTag(image)} is not on ${where}, and pull is never: load it there, or write pull: missing.`;
  return new PortError('Invalid', 'noImage', what, { cause });
}

function listedContainer(info: ContainerInfo): Container | null {
  const tags = tagsIn(info.Labels);
  if (tags === null) return null;
  const networks = Object.entries(info.NetworkSettings?.Networks ?? {});
  return {
    name: containerName(tags.fleet, tags.instanceId),
    tags,
    status: info.State,
    networkAddresses: inOrder(
      networks.map(([name, { IPAddress }]) => [name, IPAddress]),
      tags.network,
    ),
    ports: (info.Ports ?? [])
      .flatMap(({ IP, PrivatePort, PublicPort, Type }) =>
        Type === 'tcp' && IP !== undefined && PublicPort !== undefined
          ? [{ address: IP, port: PrivatePort, hostPort: PublicPort }]
          : [],
      )
      .toSorted(byPort),
    ending: '',
  };
}

function inspectedContainer(info: ContainerInspectInfo): Container | null {
  const tags = tagsIn(info.Config.Labels ?? {});
  if (tags === null) return null;
  const { Networks, Ports } = info.NetworkSettings;
  const { Status, ExitCode, OOMKilled, Error: error } = info.State;
  return {
    name: containerName(tags.fleet, tags.instanceId),
    tags,
    status: Status,
    networkAddresses: inOrder(
      Object.entries(Networks ?? {}).map(([name, { IPAddress }]) => [name, IPAddress]),
      tags.network,
    ),
    ports: Object.entries(Ports ?? {})
      .flatMap(([port, bindings]) => {
        const [number, protocol] = port.split('/');
        if (protocol !== 'tcp') return [];
        return (bindings ?? []).map(({ HostIp, HostPort }) => ({
          address: HostIp,
          port: Number(number),
          hostPort: Number(HostPort),
        }));
      })
      .toSorted(byPort),
    ending: hasStopped({ status: Status })
      ? describeExit({ code: ExitCode, isOutOfMemory: OOMKilled, error, printed: '' })
      : '',
  };
}

/** The network that servers are reached on first. */
function inOrder(networks: readonly (readonly [string, string])[], first: string): Record<string, string> {
  return Object.fromEntries(
    networks.toSorted(([a], [b]) => Number(b === first) - Number(a === first) || (a < b ? -1 : 1)),
  );
}

function byPort(a: { readonly port: number }, b: { readonly port: number }): number {
  return a.port - b.port;
}
