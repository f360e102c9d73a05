import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/provider');

describe('a provider from a package', () => {
  let packages: string;
  let fleet: RealFleet | undefined;

  beforeEach(async () => {
    packages = await mkdtemp(join(tmpdir(), 'drover-packages-'));
    await mkdir(join(packages, 'node_modules'));
    await cp(EXAMPLE, join(packages, 'node_modules', 'drover-provider-example'), { recursive: true });
  });

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
    await rm(packages, { recursive: true });
  });

  const named = (text: string) =>
    `${text.slice(0, text.indexOf('loadBalancers:'))}providers: { own: { type: "npm:drover-provider-example", zones: [] } }
autoScalingGroups:
  workers: { minSize: 0, maxSize: 5, desiredCapacity: 2, launchTemplate: { provider: own, image: small } }
`;

  it('launches, is adopted by the next controller, and ends', async () => {
    fleet = await RealFleet.create({ environment: { DROVER_PACKAGES: packages } });
    await fleet.edit(named);
    await fleet.start();
    const inService = async () => (await fleet?.inService())?.length === 2;
    await fleet.until('two are in service', inService);
    const before = (await fleet.inService()).map(({ id }) => id);
    await fleet.killController();
    await fleet.start();
    await fleet.until('they are in service again', inService);
    expect((await fleet.inService()).map(({ id }) => id)).toEqual(before);
  });

  it('is not loaded by a fleet file alone, and the error says what to do', async () => {
    fleet = await RealFleet.create();
    const written = await fleet.drover('validate', fleet.fleetFile);
    expect(written.code).toBe(0);
    await fleet.edit(named);
    await cp(packages, fleet.folder, { recursive: true });
    const refused = await fleet.drover('validate', fleet.fleetFile);
    expect(refused.code).toBe(4);
    expect(refused.said).toMatch(
      /fleet\.yaml:2:\d+ {2}providers\.own\.type .*packages are loaded only from the folder that DROVER_PACKAGES names/s,
    );
    await rm(fleet.folder, { recursive: true });
    fleet = undefined;
  });
});
