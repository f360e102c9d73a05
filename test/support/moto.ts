import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client, StopInstancesCommand } from '@aws-sdk/client-ec2';
import type { Machine } from '../../src/model/observation.ts';
import type { Provider } from '../../src/ports/provider.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { ProviderWorld } from '../conformance/provider.ts';
import { openAws, settings } from './aws-world.ts';
import { freePort } from './free-ports.ts';

const PROGRAM = 'drover-test-moto';
const MOTO_SERVER = '/usr/local/share/drover-test-moto/usr/bin/moto_server';
const REGION = 'eu-central-1';
const SECRET = 'any';
const MAX_TRIES = 600;
const TRY_INTERVAL_MS = 50;

/** moto as a server of this host, with its own idea of EC2. */
export class Moto {
  readonly url: string;
  readonly #server: ChildProcess;

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
    const args = [MOTO_SERVER, '-H', '127.0.0.1', '-p', String(port)];
    this.#server = spawn(PROGRAM, args, { stdio: 'ignore' });
  }

  static async start(): Promise<Moto> {
    const moto = new Moto(await freePort());
    const answers = () =>
      fetch(`${moto.url}/moto-api/`).then(
        ({ ok }) => ok,
        () => false,
      );
    for (let tries = 0; !(await answers()); tries += 1) {
      if (tries === MAX_TRIES) throw new Error('moto does not answer');
      await systemClock.sleep(TRY_INTERVAL_MS);
    }
    return moto;
  }

  /** Forgets all instances. */
  async reset(): Promise<void> {
    await fetch(`${this.url}/moto-api/reset`, { method: 'POST' });
  }

  async stop(): Promise<void> {
    this.#server.kill('SIGKILL');
    await once(this.#server, 'exit');
  }
}

/** Runs a Python script with boto3; what it prints is JSON. */
export async function boto3(script: string, endpoint: string, key: { id: string; secret: string }): Promise<unknown> {
  const env = {
    PATH: process.env.PATH,
    ENDPOINT: endpoint,
    AWS_ACCESS_KEY_ID: key.id,
    AWS_SECRET_ACCESS_KEY: key.secret,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const child = spawn(PROGRAM, ['-c', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(child, 'close');
  return JSON.parse(printed);
}

/** The aws provider on moto. */
export class MotoWorld implements ProviderWorld {
  readonly clock = systemClock;
  readonly settings = settings();
  readonly listening = this.settings;
  readonly #moto: Moto;
  readonly #dataDir: string;
  readonly #opened: Provider[] = [];

  private constructor(moto: Moto, dataDir: string) {
    this.#moto = moto;
    this.#dataDir = dataDir;
    process.env.DROVER_TEST_MOTO_KEY = SECRET;
  }

  static async make(moto: Moto): Promise<MotoWorld> {
    return new MotoWorld(moto, await mkdtemp(join(tmpdir(), 'drover-moto-')));
  }

  async open(fleet: string): Promise<Provider> {
    const variable = 'DROVER_TEST_MOTO_KEY';
    const credentials = { accessKeyId: { variable }, secretAccessKey: { variable } };
    const provider = openAws(fleet, { region: REGION, endpoint: this.#moto.url, credentials }, this.#dataDir);
    this.#opened.push(provider);
    return provider;
  }

  async crash({ id }: Machine): Promise<void> {
    const credentials = { accessKeyId: SECRET, secretAccessKey: SECRET };
    const client = new EC2Client({ region: REGION, endpoint: this.#moto.url, credentials });
    await client.send(new StopInstancesCommand({ InstanceIds: [id] }));
    client.destroy();
  }

  async dispose(): Promise<void> {
    for (const provider of this.#opened) await provider.close();
    await this.#moto.reset();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
