import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/model/json.ts';
import type { Machine } from '../../src/model/observation.ts';
import type { Provider } from '../../src/ports/provider.ts';
import { incusProvider } from '../../src/providers/incus/index.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { ProviderWorld } from '../conformance/provider.ts';
import type { IncusHost } from './incus-host.ts';

export function incusSettings(written: JsonObject = {}): JsonObject {
  return incusProvider.settingsSchema('/').parse({ image: 'tiny', stopTimeout: '5s', ...written });
}

export function incusProviderSettings(written: JsonObject): JsonObject {
  return incusProvider.providerSettingsSchema?.('/').parse(written) ?? {};
}

/** The incus provider on a server that tests share. */
export class IncusWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings = incusSettings();
  readonly listening = this.settings;
  readonly dataDir: string;
  readonly #host: IncusHost;
  readonly #opened: Provider[] = [];

  private constructor(dataDir: string, host: IncusHost) {
    this.dataDir = dataDir;
    this.#host = host;
  }

  static async make(host: IncusHost): Promise<IncusWorld> {
    return new IncusWorld(await mkdtemp(join(tmpdir(), 'drover-incus-data-')), host);
  }

  async open(fleet: string, written: JsonObject = { socket: this.#host.socket }): Promise<Provider> {
    const settings = incusProviderSettings(written);
    const provider = incusProvider.create({
      fleet,
      settings,
      dataDir: this.dataDir,
      clock: this.clock,
      onProblem: () => undefined,
    });
    this.#opened.push(provider);
    return provider;
  }

  async crash({ id }: Machine): Promise<void> {
    await this.#host.kill(id);
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await this.#host.clear();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
