import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PortError, untilAborted, wholeList } from 'drover/provider';

/** A provider whose machines are files, and nothing else: replace what reads and writes them by calls of your API. */
export class ExampleProvider {
  #context;
  #folder;

  constructor(context) {
    this.#context = context;
    this.#folder = join(context.dataDir, 'machines');
  }

  /** The same instanceId never gives two machines: let the API itself refuse the second one, and answer with the first. */
  launch({ instanceId, group, settings, placement }, signal) {
    return untilAborted(signal, async () => {
      await mkdir(this.#folder, { recursive: true });
      const draft = join(this.#folder, `${randomUUID()}.new`);
      const tags = { fleet: this.#context.fleet, group, instanceId, launchedAt: this.#context.clock.now() };
      const address = `10.${[...randomBytes(3)].join('.')}`;
      const { image } = settings;
      await writeFile(draft, JSON.stringify({ ...tags, image, zone: placement.zone, state: 'running', address }));
      try {
        // It is there as a whole or not at all, and fails where there is one already.
        await link(draft, this.#file(instanceId));
      } catch (error) {
        if (error.code !== 'EEXIST') throw problem(error);
      } finally {
        await rm(draft, { force: true });
      }
      return machineOf(await this.#read(instanceId));
    });
  }

  /** All of the fleet's that are not gone, also stopped ones; when that cannot be told, an error. */
  list(signal) {
    return untilAborted(signal, async () => {
      await mkdir(this.#folder, { recursive: true });
      const ids = (await readdir(this.#folder)).flatMap((file) => file.match(/^(.*)\.json$/)?.[1] ?? []);
      const machines = await Promise.all(ids.map((id) => this.#read(id)));
      return wholeList(machines.filter((machine) => machine?.fleet === this.#context.fleet).map(machineOf));
    });
  }

  /** Only asks for the end. Asked again until it says NotFound. Never touches what has not the fleet's tag. */
  terminate(machineId, signal) {
    return untilAborted(signal, async () => {
      const machine = await this.#read(machineId);
      if (machine?.fleet !== this.#context.fleet) {
        throw new PortError('NotFound', 'noMachine', `there is no machine ${machineId} in the fleet`);
      }
      await rm(this.#file(machineId), { force: true });
    });
  }

  /** Without events of its own there is nothing to watch: Drover lists at its interval. */
  watch() {
    return () => {};
  }

  async close() {}

  #file(id) {
    return join(this.#folder, `${encodeURIComponent(id)}.json`);
  }

  async #read(id) {
    try {
      return JSON.parse(await readFile(this.#file(id), 'utf8'));
    } catch (error) {
      if (error.code === 'ENOENT') return null;
      throw problem(error);
    }
  }
}

/** Each kind of error on purpose: the contract says what Drover does about each reaction. */
function problem(error) {
  const reaction = error.code === 'ENOSPC' ? 'NoCapacity' : 'Transient';
  return new PortError(reaction, error.code ?? 'unexpected', error.message, { cause: error });
}

function machineOf({ instanceId, group, state, zone, launchedAt, address }) {
  const about = { id: instanceId, instanceId, group, launchedAt, zone };
  return { ...about, state, addresses: [address], ports: null, detail: state };
}
