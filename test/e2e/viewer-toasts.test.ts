import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { visit, watchPages } from './support/page.ts';
import { startViewer, type Viewer } from './support/viewer.ts';
import { viewerBrowser } from './support/viewer-browser.ts';

describe('the toasts of the log viewer', () => {
  watchPages();
  let viewer: Viewer;
  let page: Page;
  const toast = () => page.getByText('You could not be signed out');

  before(async () => {
    viewer = await startViewer();
  });
  beforeEach(async () => {
    const opened = await visit(await viewerBrowser(), viewer.url);
    opened.allow(/ERR_FAILED/);
    page = opened.page;
    // The clock only advances when the test advances it.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.route('**/session/sign-out', (route) => route.abort());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await toast().waitFor();
  });
  afterEach(() => page?.context().close());
  after(async () => {
    await viewer?.close();
  });

  it('toasts disappear after 12 seconds', async () => {
    await page.clock.runFor(11_000);
    expect(await toast().isVisible()).to.equal(true);
    await page.clock.runFor(2_000);
    await toast().waitFor({ state: 'detached' });
  });

  for (const [how, hold, release] of [
    ['the pointer is on them', () => toast().hover(), () => page.mouse.move(0, 0)],
    [
      'the focus is in them',
      () => page.getByRole('button', { name: /^Dismiss/ }).focus(),
      () => page.getByRole('radio', { name: 'Local' }).focus(),
    ],
  ] as const) {
    it(`toasts stay while ${how}`, async () => {
      await hold();
      await page.clock.runFor(60_000);
      expect(await toast().isVisible()).to.equal(true);
      await release();
      await page.clock.runFor(13_000);
      await toast().waitFor({ state: 'detached' });
    });
  }

  it('toasts disappear when they are dismissed', async () => {
    await page.getByRole('button', { name: 'Dismiss: You could not be signed out' }).click();
    await toast().waitFor({ state: 'detached' });
  });
});
