import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { reasonOf } from '../../base/quoted.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { Connection } from './engine-settings.ts';
import { SshAgent } from './ssh-agent.ts';

/** Named one by one: what is missing here, dockerode takes from DOCKER_HOST and its kind. */
const NOTHING_FROM_ENVIRONMENT = {
  host: undefined,
  port: undefined,
  socketPath: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: undefined,
  pathPrefix: '/',
};

/** Makes clients of one engine. */
export class EngineConnection {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #ssh: SshAgent | null = null;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** With certificates as they are now. @throws PortError `Unauthorized` where they cannot be read */
  async client(): Promise<Docker> {
    // Large, and for those alone who use it.
    const { default: Client } = await import('dockerode');
    const connection = this.#connection;
    switch (connection.kind) {
      case 'socket':
        return new Client({ ...NOTHING_FROM_ENVIRONMENT, protocol: 'http', socketPath: connection.path });
      case 'tcp': {
        const { host, port, tls } = connection;
        if (tls === null) return new Client({ ...NOTHING_FROM_ENVIRONMENT, protocol: 'http', host, port });
        const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map(readPem));
        return new Client({ ...NOTHING_FROM_ENVIRONMENT, protocol: 'https', host, port, ca, cert, key });
      }
      case 'ssh':
        this.#ssh ??= new SshAgent(connection, this.#clock);
        return new Client(throughAgent(this.#ssh));
    }
  }

  close(): void {
    this.#ssh?.destroy();
  }
}

/** What the client takes beyond its types. */
function throughAgent(agent: SshAgent): Docker.DockerOptions & { readonly agent: SshAgent } {
  return { ...NOTHING_FROM_ENVIRONMENT, protocol: 'http', host: 'localhost', agent };
}

async function readPem(path: string | null): Promise<string | undefined> {
  if (path === null) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new PortError('Unauthorized', 'tls', `A file of tls cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
