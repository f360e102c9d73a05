import { join } from 'node:path';
import { FakeApi } from './fake-api.ts';
import { FakeFleet } from './fake-fleet.ts';
import { crowd } from './fake-shop.ts';

/** Serves the dashboard over an imitated fleet, to work on it: `sh scripts/run.sh node test/support/dashboard/serve.ts [PORT] [SERVERS]`. */
const [port = '7710', servers] = process.argv.slice(2);
const fleet = new FakeFleet({ now: Date.now(), ...(servers === undefined ? {} : { shop: crowd(Number(servers)) }) });
const dist = join(import.meta.dirname, '..', '..', '..', 'web', 'dist');
const address = await new FakeApi({ fleet, dist, now: Date.now }).listen(Number(port));
process.stdout.write(`${address}\n`);
