import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { visit, watchPages } from './support/page.ts';
import { log, logs, startViewer, type Viewer } from './support/viewer.ts';
import { viewerBrowser } from './support/viewer-browser.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface AxeResult {
  violations: { id: string; nodes: { target: string[] }[] }[];
}

describe('theme and time zone of the log viewer', () => {
  watchPages();
  let viewer: Viewer;
  let page: Page;

  before(async () => {
    viewer = await startViewer();
    await viewer.append(...logs(40), log(41, { description: 'with a detail', durationMs: 4_200 }));
  });
  afterEach(() => page?.context().close());
  after(async () => {
    await viewer?.close();
  });

  const open = async (query = '', options: BrowserContextOptions = {}) => {
    ({ page } = await visit(await viewerBrowser(), `${viewer.url}${query}`, options));
  };
  const line = () => page.getByRole('link', { name: 'Line 41' });
  const expectNoComplaint = async (what: string) => {
    await page.evaluate(await readFile(axePath, 'utf8'));
    const { violations } = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as AxeResult;
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`),
      what,
    ).to.deep.equal([]);
  };
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  it('follows the system’s theme until the user chooses one, and keeps the choice', async () => {
    await open('', { colorScheme: 'dark' });
    await line().waitFor();
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await background();
    expect(dark).to.not.equal(light);

    await page.getByTitle('Dark').click();
    expect(await background()).to.equal(dark);
    await page.reload();
    await line().waitFor();
    expect(await background()).to.equal(dark);
    await page.getByTitle('As the system').click();
    expect(await background()).to.equal(light);
  });

  it('switches the time zone by keyboard, and keeps the choice', async () => {
    await open('', { timezoneId: 'Asia/Tokyo' });
    await line().waitFor();
    const time = page.locator('.log-time').first();
    expect(await time.textContent()).to.equal('2026-01-15 21:00:41.000');
    await page.getByRole('radio', { name: 'Local' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('Time (UTC)').waitFor();
    expect(await time.textContent()).to.equal('2026-01-15 12:00:41.000');
    await page.reload();
    await page.getByText('Time (UTC)').waitFor();
  });

  it('has a first link that skips the header', async () => {
    await open();
    await line().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).to.equal('logs');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      it(`has nothing that axe objects to in any state, ${colorScheme}, ${width} px wide`, async () => {
        // axe is put into the page by the test; the policy would rightly refuse it.
        await open('', { colorScheme, viewport: { width, height }, bypassCSP: true });
        await line().click();
        await page.locator('.details').waitFor();
        await expectNoComplaint('a log');
        await page.keyboard.press('Escape');
        await page.locator('.details').waitFor({ state: 'detached' });
        await expectNoComplaint('logs');
        await page.getByLabel('From (local)').fill('2026-01-15T07:00:02');
        await page.getByLabel('To (local)').fill('2026-01-15T07:00:01');
        await page.getByText('WARN', { exact: true }).first().click();
        await page.getByLabel('Search').fill('line');
        await page.locator('mark').first().waitFor();
        await expectNoComplaint('filters, one of them wrong');
        await page.getByLabel('Search').fill('nowhere');
        await page.locator('.empty-pane').waitFor();
        await expectNoComplaint('no match');
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
        await expectNoComplaint('signed out');
      });
    }
  }
});
