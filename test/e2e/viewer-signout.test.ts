import { expect } from 'chai';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

describe('signing out of Stream mode', () => {
  const suite = viewerSuite(3);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.openAndReceive(2);
    viewer.allow(/status of 403|ERR_INCOMPLETE_CHUNKED_ENCODING/);
  });

  /** Everything that the browser stores for this origin. */
  const stored = (tab: StreamPage) =>
    tab.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  const untilStored = (text: string) =>
    viewer.page.waitForFunction((part) => JSON.stringify({ ...localStorage }).includes(part), text);

  it('a sign-out ends the stream and removes the logs from the browser’s storage', async () => {
    await untilStored('Line 5');
    await viewer.button('Sign out').click();
    await viewer.page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await stored(viewer)).to.not.contain('Line');
    await viewer.page.reload();
    await viewer.page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await stored(viewer)).to.not.contain('Line');
    await suite.stage.untilBrowsers(0);
  });

  it('a sign-out ends the stream of another tab, which stores no logs afterwards', async () => {
    const other = await viewer.another();
    // The other tab takes over the connection while the session ends, so its response may be cut.
    viewer.allow(/ERR_CONTENT_LENGTH_MISMATCH/);
    await untilStored('Line 5');
    const stop = suite.stage.flow();
    await viewer.button('Sign out').click();
    await viewer.page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await other.page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await stop();
    for (const tab of [viewer, other]) {
      expect(await tab.page.getByText(/^Line \d/).count()).to.equal(0);
      await tab.page.close({ runBeforeUnload: true });
    }
    const later = await viewer.page.context().newPage();
    await later.goto(suite.stage.url);
    await later.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await later.evaluate(() => JSON.stringify({ ...localStorage }))).to.not.contain('Line');
    await suite.stage.untilBrowsers(0);
  });

  it('the user who signs in next sees no logs of the previous one', async () => {
    await untilStored('Line 5');
    await viewer.button('Sign out').click();
    await viewer.button('Sign in').click();
    await viewer.until('connected');
    // All five lines are stored ones: none of them was streamed to this user.
    await viewer.untilTotal(5, 0);
  });
});
