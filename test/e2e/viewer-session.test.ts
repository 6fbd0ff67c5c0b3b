import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { logsPath, streamPath } from '../../examples/datashop/src/demo.ts';
import { normalSuite } from './support/normal-suite.ts';
import type { Visit } from './support/page.ts';
import { log, type Viewer } from './support/viewer.ts';

describe('signing out of the log viewer', () => {
  const suite = normalSuite();
  let viewer: Viewer;
  let page: Page;
  let allow: Visit['allow'];

  beforeEach(async () => {
    ({ viewer } = suite);
    await viewer.append(log(1));
    ({ page, allow } = await suite.visit());
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
  });

  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const signedOut = () => page.getByRole('heading', { name: 'You are signed out' });

  it('a sign-out hides the logs, also after a reload, until the next sign-in', async () => {
    await button('Sign out').click();
    await signedOut().waitFor();
    expect(await page.getByText('Line 1').count()).to.equal(0);
    await page.reload();
    await signedOut().waitFor();
    expect(await button('Sign out').count()).to.equal(0);
    expect(await page.evaluate((url) => fetch(url).then(({ status }) => status), logsPath)).to.equal(403);
    allow(/status of 403/);
    await button('Sign in').click();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
  });

  it('a sign-out ends the open streams of the user and refuses new ones', async () => {
    await page.evaluate((url) => {
      const source = new EventSource(url);
      source.onopen = () => document.body.setAttribute('data-source', 'open');
      source.onerror = () => {
        document.body.setAttribute('data-source', 'lost');
        source.close();
      };
    }, streamPath);
    await page.waitForSelector('[data-source=open]');
    allow(/ERR_INCOMPLETE_CHUNKED_ENCODING|status of 403/);
    await button('Sign out').click();
    await page.waitForSelector('[data-source=lost]');
    expect(await page.evaluate((url) => fetch(url).then(({ status }) => status), streamPath)).to.equal(403);
  });

  it('a sign-out makes another tab show that the session has ended; a sign-in in either tab signs both in', async () => {
    const other = await page.context().newPage();
    await other.goto(viewer.url);
    await other.getByRole('link', { name: 'Line 1' }).waitFor();
    await button('Sign out').click();
    await signedOut().waitFor();
    allow(/status of 403/);
    await other.getByRole('button', { name: 'Refresh' }).click();
    await other.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('link', { name: 'Line 1' }).waitFor();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
  });

  it('a sign-out that fails shows an error, and the user stays signed in', async () => {
    await page.route('**/session/sign-out', (route) => route.abort());
    allow(/ERR_FAILED/);
    await button('Sign out').click();
    await page.getByRole('alert').getByText('You could not be signed out').waitFor();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
  });

  it('shows that the session can’t be loaded, and loads it again on request and by itself', async () => {
    await page.route('**/session', (route) => route.abort());
    allow(/ERR_FAILED/);
    for (const retry of ['a click', 'the page']) {
      await page.reload();
      await page.getByRole('heading', { name: 'The server can’t be reached' }).waitFor();
      // The page may retry by itself before the click, so the button is clicked while the session still can't be
      // loaded.
      if (retry === 'a click') {
        const requested = page.waitForRequest('**/session');
        await button('Try again').click();
        await requested;
      }
      await page.unroute('**/session');
      await page.getByRole('link', { name: 'Line 1' }).waitFor();
      await page.route('**/session', (route) => route.abort());
    }
  });
});
