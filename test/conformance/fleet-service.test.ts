import { Controller } from '../../src/control/controller.ts';
import { createRandom } from '../simulation/world/random.ts';
import { Session } from '../simulation/world/session.ts';
import { Trace } from '../simulation/world/trace.ts';
import { VirtualClock } from '../simulation/world/virtual-clock.ts';
import { World } from '../simulation/world/world.ts';
import { FakeFleetService } from '../support/fake-service.ts';
import { simulated } from '../support/scenarios.ts';
import { fleetServiceConformance, type ServiceWorld } from './fleet-service.ts';

const PATIENCE_MS = 300_000;
const STEP_MS = 100;

/** The real one over the simulated world. */
async function startReal(): Promise<ServiceWorld> {
  const clock = new VirtualClock();
  const random = createRandom(1);
  const trace = new Trace(clock, { keptLines: 1 });
  const scenario = simulated({ minSize: 1, maxSize: 10, desiredCapacity: 3 });
  const world = new World(scenario, clock, random.fork('world'), trace);
  const controllers: Controller[] = [];
  const factory = (...options: ConstructorParameters<typeof Controller>) => {
    const controller = new Controller(...options);
    controllers.push(controller);
    return controller;
  };
  const nothing = () => {};
  const session = new Session({ world, factory, onPoint: nothing, onDeath: nothing, onDown: nothing });
  const until = async (isSo: () => boolean) => {
    const deadlineMs = clock.elapsedMs + PATIENCE_MS;
    while (!isSo()) {
      if (clock.elapsedMs > deadlineMs) throw new Error('it does not come to that');
      await clock.advance();
    }
  };
  const ask = async <T>(request: Promise<T>): Promise<T> => {
    let isAnswered = false;
    const answered = () => {
      isAnswered = true;
    };
    request.then(answered, answered);
    await until(() => isAnswered);
    return request;
  };
  await ask(session.start(null));
  const [service] = controllers;
  if (service === undefined) throw new Error('no controller was started');
  const end = async () => {
    session.close();
    world.close();
  };
  return { service, group: 'web', ask, until, end };
}

/** The imitated one, which tests of the API and of the commands use. */
async function startFake(): Promise<ServiceWorld> {
  let now = Date.UTC(2026, 10, 23, 15, 44);
  const service = new FakeFleetService({ now: () => now });
  const until = async (isSo: () => boolean) => {
    const deadline = now + PATIENCE_MS;
    while (!isSo()) {
      if (now > deadline) throw new Error('it does not come to that');
      now += STEP_MS;
      service.status();
    }
  };
  return { service, group: 'hello', ask: (request) => request, until, end: async () => {} };
}

fleetServiceConformance('the controller', startReal);
fleetServiceConformance('the fake', startFake);
