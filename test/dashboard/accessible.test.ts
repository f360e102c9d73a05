import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accessibilityFindings, fakeDashboard, launchBrowser, open } from '../support/dashboard/browser.ts';
import { requires } from '../support/requires.ts';

/** Each page, and the heading that it has once it is there. */
const PAGES = [
  ['/', /attention$/],
  ['/groups/web', 'Load and size'],
  ['/instances', 'Instances'],
  ['/load-balancers/front', 'Listeners'],
  ['/activities', 'Newest first'],
  ['/fleet', 'Versions'],
  ['/settings', 'This controller'],
] as const;

requires('chromium')('every page', () => {
  let browser: Browser;
  let dashboard: Awaited<ReturnType<typeof fakeDashboard>>;
  beforeAll(async () => {
    browser = await launchBrowser();
    dashboard = await fakeDashboard();
  });
  afterAll(async () => {
    await browser.close();
    await dashboard[Symbol.asyncDispose]();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it.each(PAGES)(`%s is accessible in ${colorScheme} and keeps to its policy`, async (path, name) => {
      const { page, complaints } = await open(browser, dashboard.url + path, { colorScheme });
      await page.getByRole('heading', { name }).first().waitFor();
      await expect.poll(() => accessibilityFindings(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    });
  }

  it('an instance, a dialog and the editor are, too', async () => {
    const instance = dashboard.fleet.of('web')[0]!;
    const { page, complaints } = await open(browser, `${dashboard.url}/instances/${instance.id}`);
    await page.getByRole('button', { name: 'Drain…' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.goto(`${dashboard.url}/fleet`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Fleet file' }).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('fits a phone without scrolling sideways', async () => {
    const { page } = await open(browser, dashboard.url, { width: 390 });
    for (const [path, name] of PAGES) {
      await page.goto(dashboard.url + path);
      await page.getByRole('heading', { name }).first().waitFor();
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 390]);
    }
    await page.close();
  });
});
