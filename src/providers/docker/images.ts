import type Docker from 'dockerode';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../ports/deadline.ts';
import { readSecret } from '../secret.ts';
import { registryOf, withTag } from './image-name.ts';
import type { DockerSettings } from './settings.ts';

/** A pull goes on while its launch is tried again. */
const PULL_TIMEOUT_MS = 1_800_000;

/** The images of one engine. */
export class Images {
  readonly #clock: Clock;
  readonly #closed: AbortSignal;
  /** Under way, by image and by who pulls it: servers that are launched at once share one. */
  readonly #pulls = new Map<string, Promise<void>>();

  constructor(clock: Clock, closed: AbortSignal) {
    this.#clock = clock;
    this.#closed = closed;
  }

  /** Sees to it that a launch finds its image as the registry has it. @throws PortError, or the engine's own error */
  async pull(docker: Docker, settings: DockerSettings): Promise<void> {
    const image = withTag(settings.image);
    const key = `${settings.registryLogin?.username ?? ''}@${image}`;
    const pull = this.#pulls.get(key) ?? this.#begin(docker, image, settings).finally(() => this.#pulls.delete(key));
    this.#pulls.set(key, pull);
    await pull;
  }

  #begin(docker: Docker, image: string, { registryLogin }: DockerSettings): Promise<void> {
    const run = async (signal: AbortSignal) => {
      const authconfig =
        registryLogin === null
          ? undefined
          : {
              username: registryLogin.username,
              password: await readSecret(registryLogin.password),
              serveraddress: registryOf(image),
            };
      const stream = await docker.pull(image, {
        ...(authconfig === undefined ? {} : { authconfig }),
        abortSignal: signal,
      });
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(stream, (error, steps: readonly { readonly error?: string }[]) => {
          const failed = error ?? steps.find((step) => step.error !== undefined)?.error;
          if (failed === undefined) resolve();
          else reject(failed instanceof Error ? failed : new Error(failed));
        });
      });
    };
    return withDeadline(this.#clock, PULL_TIMEOUT_MS, this.#closed, run, `pulling ${image}`);
  }
}
