import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FakeDashboard, fakeDashboard, launchBrowser, open } from '../support/dashboard/browser.ts';
import { requires } from '../support/requires.ts';

const maxTabs = 80;

/** Goes on by the keyboard until this has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let tab = 0; tab < maxTabs; tab += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(
      "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
    );
    if (focused === name) return;
  }
  throw new Error(`${name} cannot be reached with the keyboard.`);
}

async function press(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

requires('chromium')('by the keyboard alone', () => {
  let browser: Browser;
  let dashboard: FakeDashboard;
  beforeAll(async () => {
    browser = await launchBrowser();
    dashboard = await fakeDashboard();
  });
  afterAll(async () => {
    await browser.close();
    await dashboard[Symbol.asyncDispose]();
  });

  const at = async (path: string, text: string) => {
    const { page } = await open(browser, dashboard.url + path);
    await page.getByText(text).first().waitFor();
    dashboard.api.calls.length = 0;
    return page;
  };
  const closed = (page: Page) => page.getByRole('dialog').waitFor({ state: 'detached' });

  it('sets the desired capacity, after it has said what will happen', async () => {
    const page = await at('/groups/mailer', 'Auto scaling group');
    await press(page, 'Set desired…');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.getByText('Desired capacity goes from 2 to 3.').waitFor();
    await press(page, 'Set desired');
    await closed(page);
    expect(dashboard.api.calls).toEqual(['PUT /v1/groups/mailer/desired-capacity {"desired":3}']);
    await page.getByText('Desired capacity 2 -> 3: a person asked for it.').waitFor();
    await page.close();
  });

  it('suspends, and resumes', async () => {
    const page = await at('/groups/web', 'Auto scaling group');
    await press(page, 'Suspend…');
    await page.getByRole('checkbox', { name: 'terminate' }).focus();
    await page.keyboard.press('Space');
    await page.getByText('nothing is terminated, neither to scale in nor to replace').waitFor();
    await press(page, 'Suspend');
    await closed(page);
    await page.getByText('Suspended by a person: terminate.').waitFor();
    await press(page, 'Resume…');
    await page.getByRole('dialog').waitFor();
    await press(page, 'Resume');
    await closed(page);
    expect(dashboard.api.calls).toEqual([
      'POST /v1/groups/web/suspend-processes {"processes":["terminate"]}',
      'POST /v1/groups/web/resume-processes {"processes":["terminate"]}',
    ]);
    await page.close();
  });

  it('lets a group launch again', async () => {
    const page = await at('/groups/search', 'Auto scaling group');
    await press(page, 'Resume launching…');
    await page.getByRole('dialog').waitFor();
    await press(page, 'Resume launching');
    await closed(page);
    expect(dashboard.api.calls).toEqual(['POST /v1/groups/search/resume ']);
    await page.close();
  });

  it('drains an instance, and terminates another one', async () => {
    const [one, other] = dashboard.fleet.of('checkout').filter(({ state }) => state === 'inService');
    for (const [instance, verb] of [
      [one!, 'Drain'],
      [other!, 'Terminate'],
    ] as const) {
      const page = await at(`/instances/${instance.id}`, 'Story');
      await press(page, `${verb}…`);
      await page.getByText('What will happen').waitFor();
      await press(page, verb);
      await closed(page);
      expect(dashboard.api.calls).toEqual([`POST /v1/instances/${instance.id}/${verb.toLowerCase()} `]);
      await page.close();
    }
  });

  it('brings a version back, and applies one that was edited, after its plan', async () => {
    const page = await at('/fleet', 'Version 7 is in force');
    await page.getByRole('button', { name: 'Bring back…' }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByText('new servers only').first().waitFor();
    await press(page, 'Bring back');
    await closed(page);
    expect(dashboard.api.calls).toEqual(['POST /v1/fleet/rollback {"to":6,"madeFrom":7}']);
    await page.getByRole('button', { name: 'Edit' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Fleet file' }).focus();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('# a remark');
    await page.getByRole('button', { name: 'Plan' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('What applying it does').waitFor();
    await page.getByRole('button', { name: 'Apply' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Fleet file' }).waitFor({ state: 'detached' });
    expect(dashboard.api.calls.at(-1)).toMatch(/^PUT \/v1\/fleet \{"document":.*"madeFrom":\d+\}$/);
    await page.close();
  });

  it('does what leaves a target group without a server only when it is asked again', async () => {
    await using alone = await fakeDashboard();
    const last = alone.fleet.of('search')[0]!;
    const { page } = await open(browser, `${alone.url}/instances/${last.id}`);
    await press(page, 'Terminate…');
    await press(page, 'Terminate');
    await page.getByRole('alert').getByText('last server').waitFor();
    await press(page, 'Terminate anyway');
    await closed(page);
    expect(alone.api.calls).toEqual([
      `POST /v1/instances/${last.id}/terminate `,
      `POST /v1/instances/${last.id}/terminate?force=true `,
    ]);
    await page.close();
  });
});

requires('chromium')('a viewer', () => {
  it('sees everything and no action', async () => {
    const browser = await launchBrowser();
    await using dashboard = await fakeDashboard({ role: 'viewer' });
    const instance = dashboard.fleet.of('web')[0]!;
    const { page } = await open(browser, `${dashboard.url}/groups/web`);
    await page.getByText('Auto scaling group').waitFor();
    expect(await page.getByRole('button', { name: /…$/ }).count()).toBe(0);
    await page.goto(`${dashboard.url}/instances/${instance.id}`);
    await page.getByText('Story').waitFor();
    expect(await page.getByRole('button', { name: /…$/ }).count()).toBe(0);
    await page.goto(`${dashboard.url}/fleet`);
    await page.getByText('is in force').waitFor();
    expect(await page.getByRole('button', { name: /…$|Edit/ }).count()).toBe(0);
    await browser.close();
  });
});

requires('chromium')('who is not logged in', () => {
  it('is asked for a token, and comes in with the code of a link', async () => {
    const browser = await launchBrowser();
    await using dashboard = await fakeDashboard({ role: null });
    const { page } = await open(browser, dashboard.url);
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').getByText('This token is not known').waitFor();
    await page.goto(`${dashboard.url}/login#code=secret`);
    await page.reload();
    await page.getByText('things need attention').waitFor();
    expect(page.url()).not.toContain('secret');
    await browser.close();
  });
});
