/** What is written of HAProxy's files as servers come and go, and that they are never far behind. */

import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigFiles } from '../../../src/haproxy/config-files.ts';
import { pathsIn } from '../../../src/haproxy/paths.ts';
import { renderConfig } from '../../../src/haproxy/render.ts';
import { serverIds, serversOf } from '../../../src/haproxy/servers.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { sampleMember, sampleState } from '../../haproxy-samples.ts';

const HOST = { openFiles: 20_000, account: null };

class World implements AsyncDisposable {
  now = 0;
  files: ConfigFiles;
  readonly #paths: ReturnType<typeof pathsIn>;
  readonly #folder: AsyncDisposable & { readonly path: string };

  private constructor(folder: AsyncDisposable & { readonly path: string }) {
    this.#folder = folder;
    this.#paths = pathsIn(join(folder.path, 'lb'));
    this.files = this.#newFiles();
  }

  static async make(): Promise<World> {
    const world = new World(await mkdtempDisposable(join(tmpdir(), 'drover-files-')));
    await world.files.load();
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }

  target(count: number) {
    const desired = sampleState(Array.from({ length: count }, (_, index) => sampleMember(`i-${index}`)));
    const ids = serverIds(serversOf(desired.members), new Map());
    return { desired, ids, ...renderConfig(desired, ids, this.#paths, { poolLimitsNeeded: false }, HOST) };
  }

  /** How many servers each of the two files has. */
  async servers(): Promise<readonly number[]> {
    const [config, state] = [this.#paths.config, this.#paths.state].map((path) => readFile(path, 'utf8'));
    return [(await config)?.match(/^ {2}server /gm)?.length ?? 0, (await state)?.match(/^0 /gm)?.length ?? 0];
  }

  #newFiles(): ConfigFiles {
    const clock: Clock = { now: () => this.now, steadyMs: () => this.now, sleep: async () => {} };
    return new ConfigFiles(this.#paths, clock, () => new Map());
  }
}

describe('the files of HAProxy', () => {
  it('follow each change at once where there are few members', async () => {
    await using world = await World.make();
    for (const count of [3, 500, 2]) {
      await world.files.follow(world.target(count));
      expect(await world.servers()).toEqual([count, count]);
    }
  });

  it('follow within a time that grows with the members where there are many', async () => {
    await using world = await World.make();
    await world.files.follow(world.target(2_000));
    await world.files.follow(world.target(2_001));
    world.now += 1_900;
    await world.files.writeDue();
    expect(await world.servers()).toEqual([2_000, 2_000]);
    world.now += 101;
    await world.files.writeDue();
    expect(await world.servers()).toEqual([2_001, 2_001]);
  });

  it('follow at once when nothing was written for that long', async () => {
    await using world = await World.make();
    await world.files.follow(world.target(2_000));
    world.now += 3_000;
    await world.files.follow(world.target(2_001));
    expect(await world.servers()).toEqual([2_001, 2_001]);
  });

  it('are up to date whenever HAProxy is to read them, and when Drover ends', async () => {
    await using world = await World.make();
    await world.files.follow(world.target(2_000));
    await world.files.writeValidated(world.target(2_001), async () => {});
    expect(await world.servers()).toEqual([2_001, 2_001]);
    await world.files.follow(world.target(2_002));
    await world.files.write();
    expect(await world.servers()).toEqual([2_002, 2_002]);
  });

  it('are written so often that what is written grows with the number of servers, and not with its square', async () => {
    const writtenFor = async (servers: number): Promise<number> => {
      await using world = await World.make();
      let lines = 0;
      for (let count = 1; count <= servers; count += servers / 100) {
        const target = world.target(Math.round(count));
        const counted = () => {
          lines += Math.round(count);
          return target.text();
        };
        await world.files.follow({ ...target, text: counted });
        // Two milliseconds for each server that is launched.
        world.now += (2 * servers) / 100;
      }
      return lines;
    };
    const [few, many] = [await writtenFor(1_000), await writtenFor(4_000)];
    expect(many / few).toBeLessThan(6);
  }, 30_000);
});
