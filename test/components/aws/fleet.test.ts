import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { execPath } from 'node:process';
import { afterEach, expect, it } from 'vitest';
import { AwsWorld } from '../../support/aws-world.ts';
import type { FakeInstance } from '../../support/fake-ec2.ts';
import { RealFleet } from '../../support/fleet.ts';
import { Load } from '../../support/load.ts';
import { requires } from '../../support/requires.ts';

/** The machines of a fake EC2 as processes of this host, each at its own address. Their user data says who they are. */
class Machines {
  readonly #processes = new Map<string, ChildProcess>();
  readonly #server: string;

  constructor(server: string) {
    this.#server = server;
  }

  boot({ id, address, userData }: FakeInstance): void {
    const env = { PATH: process.env.PATH, HOST: address, PORT: '8080', DROVER_INSTANCE_ID: userData };
    this.#processes.set(id, spawn(execPath, [this.#server], { env, stdio: 'ignore' }));
  }

  end({ id }: FakeInstance): void {
    this.#processes.get(id)?.kill('SIGKILL');
  }

  async ended(): Promise<void> {
    for (const child of this.#processes.values()) {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  }
}

const FIRST_START_MS = 120_000;

requires('haproxy')('a fleet of EC2 instances', () => {
  let world: AwsWorld | undefined;
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    await world?.dispose();
    fleet = undefined;
    world = undefined;
  });

  it('heals, scales and goes without a failed request', async () => {
    const made = await AwsWorld.make(['a', 'b']);
    world = made;
    const { ec2 } = made;
    // EC2 does not know at once what it has launched, and machines take a while to end.
    Object.assign(ec2, { listLagMs: 1_000, bootMs: 500, endMs: 1_000 });
    const created = await RealFleet.create({ deregistrationDelay: '5s', healthCheckGracePeriod: '60s' });
    fleet = created;
    const machines = new Machines(created.helloServer);
    ec2.onLaunch = (instance) => machines.boot(instance);
    ec2.onEnd = (instance) => machines.end(instance);
    const provider = {
      type: 'aws',
      region: 'eu-test-1',
      endpoint: ec2.url,
      credentials: made.credentials,
      zones: { a: { subnet: 'a' }, b: { subnet: 'subnet-00000001' } },
    };
    const template = {
      image: 'ami-12345678',
      instanceType: 't3.micro',
      market: 'spot',
      userData: { text: '{{ drover.instanceId }}' },
    };
    await created.comeFrom({ provider, template, port: 8080 });
    await created.start();
    // Without records Drover waits until EC2's lists have all that was launched before: a minute.
    const before = await created.settle(3, FIRST_START_MS);
    const load = new Load(created.url, { clients: 4, pauseMs: 10 });
    await created.until('the load is under way', async () => load.requests > 50);

    // AWS takes a spot instance back: what was open on it, HAProxy asks of another.
    const victim = ec2.alive.find(({ userData }) => userData === before[0]?.id);
    ec2.endMs = 30_000;
    ec2.interrupt(victim?.id ?? '');
    const stopped = await created.untilActivity('machineStopped');
    expect(stopped.message).toContain('AWS has taken the spot instance back');
    ec2.endMs = 1_000;
    await created.until(
      'it is replaced',
      async () => !(await created.instances()).some(({ id }) => id === before[0]?.id),
    );
    await created.settle(3);

    await writeFile(created.desiredFile, '5\n');
    await created.settle(5);
    await writeFile(created.desiredFile, '2\n');
    await created.settle(2);
    expect(ec2.alive).toHaveLength(2);
    const { failures, answers } = await load.stop();
    expect(failures).toEqual([]);
    expect(answers.size).toBeGreaterThanOrEqual(5);

    await created.end();
    fleet = undefined;
    expect(ec2.alive).toEqual([]);
    expect(new Set(ec2.instances.map(({ token }) => token)).size).toBe(ec2.instances.length);
    await machines.ended();
  });
});
