import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fakeDashboard, launchBrowser, open } from '../support/dashboard/browser.ts';
import { crowd } from '../support/dashboard/fake-shop.ts';
import { requires } from '../support/requires.ts';

requires('chromium')('a page that stays open', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('says that the connection is lost, reconnects, and catches up', async () => {
    await using dashboard = await fakeDashboard();
    const { page } = await open(browser, `${dashboard.url}/groups/mailer`);
    await page.getByText('of 2 desired', { exact: true }).waitFor();
    await dashboard.restart(async () => {
      await page.getByText('No connection to the controller').waitFor();
      dashboard.fleet.setDesired('mailer', 4);
    });
    await page.getByText('of 4 desired', { exact: true }).waitFor();
    await page.getByText('No connection to the controller').waitFor({ state: 'detached' });
    await page.getByText('Desired capacity 2 -> 4: a person asked for it.').waitFor();
    await page.close();
  });

  it('has of 1,000 instances only those in sight in the page, and finds each', async () => {
    await using dashboard = await fakeDashboard({ shop: crowd(1_000) });
    const { page, complaints } = await open(browser, `${dashboard.url}/instances?group=crowd`);
    const table = page.getByRole('table', { name: 'Instances' });
    await page.getByText('1000 rows').waitFor();
    expect(await table.getAttribute('aria-rowcount')).toBe('1001');
    expect(await table.getByRole('row').count()).toBeLessThan(100);
    const sought = dashboard.fleet.of('crowd')[700]!;
    await page.getByRole('searchbox').fill(sought.id);
    await table.getByRole('link', { name: sought.id }).waitFor();
    await page.goto(`${dashboard.url}/groups/crowd`);
    await expect.poll(() => page.locator('.cells a').count()).toBeGreaterThanOrEqual(1_000);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
