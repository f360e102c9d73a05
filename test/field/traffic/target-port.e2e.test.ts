import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/system/clock.ts';
import { freePort } from '../../support/free-ports.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

const MEMBERS = ['a', 'b', 'c'];
const CLIENTS = 8;

let world: HaproxyWorld;
beforeEach(async () => {
  world = await HaproxyWorld.make();
});
afterEach(() => world.end());

requires('haproxy')('a target group whose port is changed', () => {
  it('answers every request where its servers listen at both ports', async () => {
    const [before, after] = [await listening('old'), await listening('new')];
    await world.apply(world.state(before));
    for (const name of MEMBERS) await world.untilHealth(name, 'healthy');
    const open = world.get('/held');
    const held = await Promise.race(world.servers.map((server) => server.held.promise));
    const load = new Load();
    await load.isAnswered('old');
    for (const members of [after, before, after]) {
      await world.apply(world.state(members));
      await load.isAnswered(members === after ? 'new' : 'old');
      for (const name of MEMBERS) await world.untilHealth(name, 'healthy');
    }
    held.end('finished');
    expect(await open).toBe('finished');
    expect(new Set(await load.end())).toEqual(new Set(['old', 'new']));
  });

  it('answers 503 where nobody listens at the new port, until the change is taken back', async () => {
    const before = await listening('old');
    await world.apply(world.state(before));
    for (const name of MEMBERS) await world.untilHealth(name, 'healthy');
    const port = await freePort();
    const after = before.map((member) => ({ ...member, endpoint: { ...member.endpoint, port } }));
    await world.apply(world.state(after));
    for (const name of MEMBERS) await world.untilHealth(name, 'unhealthy');
    expect(await world.get('/')).toMatch(/^503 /);
    await world.apply(world.state(before));
    expect(await world.get('/')).toBe('old');
  });
});

/** The same three members at ports of their own. */
async function listening(answer: string) {
  return Promise.all(MEMBERS.map(async (instanceId) => (await world.server(answer)).member({ instanceId })));
}

/** Clients that ask again as soon as they have an answer. */
class Load {
  readonly #answers: string[] = [];
  #isOver = false;
  readonly #clients = Array.from({ length: CLIENTS }, () => this.#ask());

  /** Waits for so many answers of one kind, from now on, as show that it is given by every server. */
  async isAnswered(answer: string): Promise<void> {
    const from = this.#answers.length;
    const isSo = async () => this.#answers.slice(from).filter((one) => one === answer).length >= 10 * MEMBERS.length;
    await world.until(`${answer} is answered`, isSo);
  }

  async end(): Promise<readonly string[]> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    return this.#answers;
  }

  async #ask(): Promise<void> {
    await systemClock.sleep(0);
    while (!this.#isOver) this.#answers.push(await world.get('/').catch(String));
  }
}
