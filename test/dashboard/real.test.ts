import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser, open } from '../support/dashboard/browser.ts';
import { RealFleet } from '../support/fleet.ts';
import { freePorts } from '../support/free-ports.ts';
import { kill } from '../support/processes.ts';
import { requires } from '../support/requires.ts';
import { SteadyLoad } from '../support/steady-load.ts';

requires('chromium')('over a real controller with HAProxy under load', () => {
  let browser: Browser;
  let fleet: RealFleet;
  let url: string;
  let load: SteadyLoad;

  beforeAll(async () => {
    browser = await launchBrowser();
    const [listenPort = 0] = await freePorts(1);
    fleet = await RealFleet.create({ group: 'defaultInstanceWarmup: 1s', listenPort });
    await fleet.start();
    await fleet.settle(3);
    load = new SteadyLoad(fleet.url, 50);
    url = `http://127.0.0.1:${listenPort}`;
  });
  afterAll(async () => {
    await load.stop();
    await browser.close();
    await fleet.end();
  });

  /** A page of whoever has opened the link that `drover dashboard` prints. */
  const logIn = async (path: string, role: 'viewer' | 'admin' = 'admin') => {
    const link = await fleet.client.dashboardLink(role);
    const { page, complaints } = await open(browser, link);
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    // Before he had logged in he was nobody, which a browser takes for an error.
    complaints.length = 0;
    await page.goto(`${url}${path}`);
    return { page, complaints };
  };

  /** The ids that the group's page shows, marked with what only a reload would take away. */
  const openGroup = async () => {
    const { page, complaints } = await logIn('/groups/hello');
    await page.getByText('of 3 desired', { exact: true }).waitFor();
    await page.evaluate('window.sameAsBefore = true');
    return { page, complaints };
  };
  const isSamePage = (page: Page) => page.evaluate('window.sameAsBefore === true');
  const idsOn = async (page: Page) => {
    const links = await page
      .locator('.cells a')
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('href') ?? ''));
    return links.map((href) => href.split('/').at(-1) ?? '');
  };

  it('a killed server goes and its replacement comes, without a reload of the page', async () => {
    const { page, complaints } = await openGroup();
    const [victim] = await fleet.settle(3);
    await expect.poll(() => idsOn(page)).toContain(victim!.id);
    kill(Number(/pid (\d+)/.exec(victim!.machineDetail)?.[1]));
    await expect.poll(() => idsOn(page)).not.toContain(victim!.id);
    await expect.poll(async () => (await idsOn(page)).length).toBe(3);
    await page.getByText(`${victim!.id} is gone`).or(page.getByText(victim!.id)).first().waitFor();
    expect(await isSamePage(page)).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows the load, from HAProxy', async () => {
    const { page } = await logIn('/');
    const row = page.getByRole('row').filter({ hasText: 'hello' }).first();
    await expect
      .poll(async () => Number(/(\d+(?:\.\d+)?)/.exec((await row.locator('.load').textContent()) ?? '')?.[1]))
      .toBeGreaterThan(30);
    await page.close();
  });

  it('sets the desired capacity, and drains a server, which is replaced', async () => {
    const { page } = await openGroup();
    await page.getByRole('button', { name: 'Set desired…' }).click();
    await page.getByRole('textbox', { name: /Desired capacity/ }).fill('4');
    await page.getByRole('textbox', { name: /Desired capacity/ }).blur();
    await page.getByRole('button', { name: 'Set desired', exact: true }).click();
    await page.getByText('of 4 desired', { exact: true }).waitFor();
    const [leaving] = await fleet.settle(4);
    await page.locator(`a[href="/instances/${leaving!.id}"]`).first().click();
    await page.getByRole('button', { name: 'Drain…' }).click();
    await page.getByRole('button', { name: 'Drain', exact: true }).click();
    await page.getByText('It is gone.').waitFor();
    expect(await isSamePage(page)).toBe(true);
    await page.close();
  });

  it('has no gap in its activities when the controller is killed and started again', async () => {
    const { page } = await logIn('/activities');
    await page.getByText('Newest first').waitFor();
    await page.evaluate('window.sameAsBefore = true');
    await fleet.killController();
    await page.getByText('No connection to the controller').waitFor();
    await fleet.start();
    await page.getByText('No connection to the controller').waitFor({ state: 'detached' });
    await fleet.settle(4);
    const shown = () => page.locator('.activity').count();
    const recorded = async () => (await fleet.client.activities({ limit: 1_000 })).length;
    await expect.poll(async () => (await shown()) - (await recorded())).toBe(0);
    expect(await isSamePage(page)).toBe(true);
    await page.close();
  });

  it('lets a viewer see everything and do nothing', async () => {
    const { page } = await logIn('/groups/hello', 'viewer');
    await page.getByText('of 4 desired', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Set desired…' }).count()).toBe(0);
    const answers = await page.evaluate(`(async () => {
      const { csrfToken } = await (await fetch('/v1/session')).json();
      const change = (headers) => fetch('/v1/groups/hello/desired-capacity', {
        method: 'PUT', headers: { 'content-type': 'application/json', ...headers }, body: '{"desired":1}',
      });
      return [(await change({})).status, (await change({ 'x-csrf-token': csrfToken })).status];
    })()`);
    expect(answers).toEqual([403, 403]);
    await page.close();
  });

  it('has dropped no request but those in flight on the killed server', () => {
    expect(load.requests).toBeGreaterThan(100);
    expect(load.failures.length).toBeLessThanOrEqual(2);
  });
});
