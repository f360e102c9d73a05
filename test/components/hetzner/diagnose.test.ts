import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { hetznerProvider } from '../../../src/providers/hetzner/index.ts';
import { HetznerWorld, READ_ONLY_VARIABLE } from '../../support/hetzner/world.ts';

const { signal } = new AbortController();

describe('what drover doctor says of Hetzner', () => {
  let world: HetznerWorld;

  beforeEach(async () => {
    world = await HetznerWorld.make();
  });

  afterEach(() => world.dispose());

  const levels = async (more: JsonObject = {}) => {
    const findings = await hetznerProvider.diagnose?.(world.context('shop', more), signal);
    return findings?.map(({ level, message, remedy }) => `${level}: ${message}${remedy === null ? '' : ` ${remedy}`}`);
  };

  it('is good where all is well, and changes nothing', async () => {
    expect(await levels()).toEqual([
      `ok: Hetzner's API answers at ${world.fake.endpoint}, and takes the token.`,
      'ok: The token may write.',
      'ok: Its 2 locations are there: nbg1, fsn1.',
      expect.stringMatching(/^ok: 359\d of 3600 calls are left/),
    ]);
    expect(world.fake.project.servers).toEqual([]);
  });

  it('finds a token that may only read, and locations that there are not', async () => {
    const findings = await levels({ token: { variable: READ_ONLY_VARIABLE }, locations: ['nbg1', 'mars'] });
    expect(findings).toContainEqual(expect.stringMatching(/^error: The token may only read/));
    expect(findings).toContainEqual('error: There is no location "mars". Write one of fsn1, nbg1, hel1, ash.');
  });

  it('finds a token that is wrong or missing', async () => {
    world.fake.fail('GET /locations', { kind: 'refuse', status: 401, code: 'unauthorized' });
    expect(await levels()).toEqual([expect.stringMatching(/^error: .*unauthorized.* Make a token/)]);
    expect(await levels({ token: { variable: 'DROVER_TEST_NO_SUCH' } })).toEqual([
      expect.stringMatching(/^error: .*DROVER_TEST_NO_SUCH.*not in Drover's environment/),
    ]);
  });

  it('says when few calls are left', async () => {
    world.fake.rate.leave(100);
    expect(await levels()).toContainEqual(expect.stringMatching(/^warning: 9\d of 3600 calls are left/));
  });

  it('says that nothing answers', async () => {
    const gone = await HetznerWorld.make();
    const { endpoint } = gone.fake;
    await gone.dispose();
    const findings = await levels({ endpoint });
    expect(findings).toEqual([expect.stringMatching(/^error: Hetzner's API cannot be used: .*ECONNREFUSED/)]);
  });
});
