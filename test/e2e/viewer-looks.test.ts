import { expect } from 'chai';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { visit, watchPages } from './support/page.ts';
import { log, logs, startViewer, type Viewer } from './support/viewer.ts';
import { viewerBrowser } from './support/viewer-browser.ts';

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
});
