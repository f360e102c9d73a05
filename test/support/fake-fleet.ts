import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';

const DROVER_FAKE = join(import.meta.dirname, 'drover-fake.ts');

/** An imitated fleet behind a real API in a process of its own, until the test has finished. */
export class FakeFleet {
  readonly folder: string;
  readonly client: ApiClient;
  #end: () => Promise<void> = async () => {};

  private constructor(folder: string) {
    this.folder = folder;
    this.client = new ApiClient(join(folder, '.drover'));
  }

  static async start(size = 3): Promise<FakeFleet> {
    const fleet = new FakeFleet(await mkdtemp(join(tmpdir(), 'drover-fake-fleet-')));
    onTestFinished(async () => {
      await fleet.client.close();
      await fleet.stop();
      await rm(fleet.folder, { recursive: true, force: true });
    });
    await fleet.run(size);
    return fleet;
  }

  /** Starts its controller, again after `stop`. */
  async run(size = 3): Promise<void> {
    const env = { ...process.env, FAKE_DESIRED: String(size), FAKE_STORY: 'none' };
    const args = [DROVER_FAKE, 'run', '--plain', '--data', join(this.folder, '.drover')];
    const controller = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    controller.stdout.resume();
    controller.stderr.resume();
    this.#end = async () => {
      if (controller.exitCode !== null || controller.signalCode !== null) return;
      controller.kill('SIGKILL');
      await once(controller, 'exit');
    };
    const inService = () =>
      this.instances().then(
        (all) => all.length,
        () => 0,
      );
    await expect.poll(inService).toBeGreaterThanOrEqual(size);
  }

  async stop(): Promise<void> {
    await this.#end();
  }

  async instances(): Promise<readonly string[]> {
    return (await this.client.status()).groups.flatMap(({ instances }) => instances.map(({ id }) => id));
  }
}
