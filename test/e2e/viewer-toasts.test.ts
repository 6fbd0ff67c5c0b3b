import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { launchBrowser, type RealBrowser } from './support/browser.ts';
import { visit, watchPages } from './support/page.ts';
import { startViewer, type Viewer } from './support/viewer.ts';

describe('the toasts of the log viewer', () => {
  watchPages();
  let chromium: RealBrowser;
  let viewer: Viewer;
  let page: Page;
  const toast = () => page.getByText('You could not be signed out');

  before(async () => {
    chromium = await launchBrowser();
    viewer = await startViewer();
  });
  beforeEach(async () => {
    const opened = await visit(chromium.browser, viewer.url);
    opened.allow(/ERR_FAILED/);
    page = opened.page;
    // It stands still but for what the test lets pass.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.route('**/session/sign-out', (route) => route.abort());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await toast().waitFor();
  });
  afterEach(() => page?.context().close());
  after(async () => {
    await viewer?.close();
    await chromium?.close();
  });

  it('leave by themselves', async () => {
    await page.clock.runFor(11_000);
    expect(await toast().isVisible()).to.equal(true);
    await page.clock.runFor(2_000);
    await toast().waitFor({ state: 'detached' });
  });

  for (const [how, hold, release] of [
    ['they are pointed at', () => toast().hover(), () => page.mouse.move(0, 0)],
    [
      'the focus is in them',
      () => page.getByRole('button', { name: /^Dismiss/ }).focus(),
      () => page.getByRole('radio', { name: 'Local' }).focus(),
    ],
  ] as const) {
    it(`stay for as long as ${how}`, async () => {
      await hold();
      await page.clock.runFor(60_000);
      expect(await toast().isVisible()).to.equal(true);
      await release();
      await page.clock.runFor(13_000);
      await toast().waitFor({ state: 'detached' });
    });
  }

  it('leave when they are dismissed', async () => {
    await page.getByRole('button', { name: 'Dismiss: You could not be signed out' }).click();
    await toast().waitFor({ state: 'detached' });
  });
});
