import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { FakeApi, type FakeApiOptions } from './fake-api.ts';
import { FakeFleet } from './fake-fleet.ts';
import type { ShopGroup } from './fake-shop.ts';

const DIST = join(import.meta.dirname, '..', '..', '..', 'web', 'dist');

/** No sandbox because CI is root; nothing that goes out to the network by itself. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The system's Chromium. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
}

export interface Opened {
  readonly page: Page;
  /** What the browser complained about: errors of the page, and what its Content-Security-Policy refused. */
  readonly complaints: string[];
}

export async function open(
  browser: Browser,
  url: string,
  options: { readonly colorScheme?: 'light' | 'dark'; readonly width?: number } = {},
): Promise<Opened> {
  const { colorScheme = 'light', width = 1440 } = options;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

export interface Finding {
  readonly rule: string;
  readonly impact: string;
  readonly where: readonly string[];
}

/** What axe finds of serious or critical impact on the page as it is. */
export async function accessibilityFindings(page: Page): Promise<readonly Finding[]> {
  // The debugger's way in, which the page's policy does not hinder.
  await page.evaluate(axe.source);
  const found =
    (await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => ({ rule: id, impact, where: nodes.slice(0, 5).map(({ html }) => html.slice(0, 200)) })))`)) as Finding[];
  return found;
}

export interface FakeDashboard extends AsyncDisposable {
  readonly url: string;
  readonly api: FakeApi;
  readonly fleet: FakeFleet;
  /** Cuts it off, as when the controller is restarted, and comes back at the same address. */
  readonly restart: (during: () => Promise<void>) => Promise<void>;
}

/** The dashboard over an imitated fleet. */
export async function fakeDashboard(
  options: Pick<FakeApiOptions, 'role'> & { readonly shop?: readonly ShopGroup[] } = {},
): Promise<FakeDashboard> {
  const { shop, ...rest } = options;
  const fleet = new FakeFleet({ now: Date.now(), ...(shop === undefined ? {} : { shop }) });
  const api = new FakeApi({ fleet, dist: DIST, now: Date.now, ...rest });
  const url = await api.listen();
  return {
    url,
    api,
    fleet,
    restart: async (during) => {
      await api.close();
      await during();
      await api.listen(Number(new URL(url).port));
    },
    [Symbol.asyncDispose]: () => api.close(),
  };
}
