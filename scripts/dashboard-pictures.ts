/**
 * Takes the pictures of docs/dashboard.md anew, from an imitated fleet: `sh scripts/run.sh node scripts/dashboard-pictures.ts`.
 * It needs Chromium, and takes the host's own font.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fakeDashboard, launchBrowser, open } from '../test/support/dashboard/browser.ts';
import { crowd } from '../test/support/dashboard/fake-shop.ts';

/** Until what moves in has come to rest. */
const SETTLE_MS = 4_000;
const FOLDER = join(import.meta.dirname, '..', 'docs', 'images', 'dashboard');

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** The button that is pressed first. */
  readonly press?: string;
}

const browser = await launchBrowser();
await using shop = await fakeDashboard();
await using many = await fakeDashboard({ shop: crowd(1_000) });
const [checkout] = shop.fleet.of('checkout');

const pictures: readonly (Picture & { readonly of: typeof shop })[] = [
  { of: shop, name: 'overview-light', path: '/' },
  { of: shop, name: 'overview-dark', path: '/', colorScheme: 'dark' },
  { of: shop, name: 'overview-phone', path: '/', width: 390, height: 844 },
  { of: shop, name: 'group-light', path: '/groups/web', height: 1_340 },
  { of: shop, name: 'group-dark', path: '/groups/web', colorScheme: 'dark', height: 1_340 },
  { of: shop, name: 'group-phone', path: '/groups/web', colorScheme: 'dark', width: 390, height: 844 },
  { of: many, name: 'thousand', path: '/groups/crowd', height: 760 },
  { of: shop, name: 'instance', path: `/instances/${checkout?.id}`, height: 640 },
  { of: shop, name: 'set-desired', path: '/groups/mailer', height: 640, press: 'Set desired…' },
  { of: shop, name: 'editor', path: '/fleet', colorScheme: 'dark', height: 900, press: 'Edit' },
];

for (const { of, name, path, height = 860, press, ...options } of pictures) {
  const { page } = await open(browser, of.url + path, options);
  await page.setViewportSize({ width: options.width ?? 1_440, height });
  await page.getByRole('heading').first().waitFor();
  await pause(SETTLE_MS);
  if (press !== undefined) {
    await page.getByRole('button', { name: press }).first().click();
    await pause(SETTLE_MS / 4);
  }
  await page.screenshot({ path: join(FOLDER, `${name}.png`), timeout: 60_000 });
  await page.close();
  process.stdout.write(`${name}\n`);
}
await browser.close();
