import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Finding, Provider, ProviderContext } from '../../src/ports/provider.ts';
import { dockerProvider } from '../../src/providers/docker/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import { PRINTING, type ProviderWorld } from '../conformance/provider.ts';
import { TINY_WEB } from './docker-engine.ts';

/** An engine that runs for tests: Docker's or Podman's. */
export interface TestEngine {
  /** As the fleet file has it. */
  readonly host: string;
  kill(container: string): Promise<void>;
  clear(): Promise<void>;
}

export function settings(written: JsonObject = {}): JsonObject {
  return dockerProvider.settingsSchema('/').parse({ image: TINY_WEB, pull: 'never', stopTimeout: '5s', ...written });
}

/** The docker provider on engines that tests share. */
export class DockerWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings: JsonObject;
  readonly listening: JsonObject;
  readonly printing: JsonObject;
  readonly #engines: readonly TestEngine[];
  readonly #places: readonly JsonObject[];
  readonly #opened: Provider[] = [];

  /** @param places where they are, as the fleet file has it, if not at their sockets */
  constructor(engines: readonly TestEngine[], template: JsonObject = {}, places?: readonly JsonObject[]) {
    this.#engines = engines;
    this.#places = places ?? engines.map(({ host }) => ({ engine: host }));
    this.settings = settings(template);
    this.listening = this.settings;
    this.printing = settings({ ...template, command: ['sh', '-c', PRINTING] });
  }

  /** What the fleet file says: one engine is the only place, several are zones `a`, `b`, ... */
  get providerSettings(): JsonObject {
    const [only = {}] = this.#places;
    if (this.#places.length === 1) return only;
    return { hosts: Object.fromEntries(this.#places.map((one, index) => [String.fromCharCode(97 + index), one])) };
  }

  context(fleet: string): ProviderContext {
    return {
      fleet,
      settings: dockerProvider.providerSettingsSchema?.('/').parse(this.providerSettings) ?? {},
      dataDir: '/nonexistent',
      clock: this.clock,
      onProblem: () => undefined,
    };
  }

  async open(fleet: string): Promise<Provider> {
    const provider = dockerProvider.create(this.context(fleet));
    this.#opened.push(provider);
    return provider;
  }

  diagnose(): Promise<readonly Finding[]> {
    return dockerProvider.diagnose?.(this.context('f'), new AbortController().signal) ?? Promise.resolve([]);
  }

  async crash({ id, zone }: Machine): Promise<void> {
    const engine = this.#engines[zone === null ? 0 : zone.charCodeAt(0) - 97];
    await engine?.kill(id.slice(id.indexOf(':') + 1));
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    for (const engine of this.#engines) await engine.clear();
  }
}
