import { expect } from 'chai';
import { workflows } from '../../examples/datashop/src/demo.ts';
import { log } from './support/viewer.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

const keysOf = (viewer: StreamPage) =>
  viewer.page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('sse-client:')));
const userOf = async (viewer: StreamPage) => (await viewer.page.locator('.header-name').textContent())!;

describe('lines of Stream mode in the browser’s storage', () => {
  const suite = viewerSuite(3);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.openAndReceive(1);
    await viewer.page.waitForFunction(() => JSON.stringify({ ...localStorage }).includes('Line 4'));
  });

  it('stored lines are removed when another user signs in after the session has expired', async () => {
    viewer.allow(/status of 403|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    const user = await userOf(viewer);
    expect((await keysOf(viewer)).join()).to.contain(user);
    await viewer.page.context().clearCookies();
    suite.stage.cutBrowsers();
    await viewer.page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await viewer.page.getByLabel('User').selectOption('grace');
    await viewer.button('Sign in').click();
    await viewer.until('connected');
    expect(await userOf(viewer)).to.equal('grace');
    expect((await keysOf(viewer)).join()).to.not.contain(user);
    // Another workflow, which has no lines.
    await viewer.untilTotal(0, 0);
  });

  it('stored lines are removed when another user opens the page, also while a tab of the first one is open', async () => {
    viewer.allow(/status of 403|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_ABORTED/);
    const user = await userOf(viewer);
    await viewer.page.context().clearCookies();
    const page = await viewer.page.context().newPage();
    await page.goto(new URL('healthz', viewer.page.url()).href);
    await page.evaluate(() => fetch('/session/sign-in?user=grace', { method: 'POST' }));
    await page.goto(viewer.page.url());
    await page.waitForSelector('[data-testid=connection][data-status=connected]');
    const name = (await page.locator('.header-name').textContent())!;
    expect(name).to.not.equal(user);
    // The first tab follows, since both have one session now.
    await viewer.page.locator('.header-name').getByText(name, { exact: true }).waitFor();
    await viewer.until('connected');
    await suite.stage.append(log(1, workflows.earthquakes));
    await viewer.untilTotal(0, 1);
    await page.close({ runBeforeUnload: true });
    await viewer.page.reload();
    await viewer.until('connected');
    expect((await keysOf(viewer)).join()).to.not.contain(user);
  });

  it('stored lines do not break the page if another program has changed them', async () => {
    const [key = ''] = await keysOf(viewer);
    const event = { kind: 'event', id: 'x', event: 'message', data: 'x', receivedAt: 0, origin: 'new' };
    const gap = { kind: 'gap', reason: 'constructor', from: 0, to: 0, afterId: '__proto__' };
    const state = (...entries: unknown[]) => JSON.stringify([1, true, '', 0, entries]);
    for (const value of [
      state({ kind: 'constructor' }),
      state({ kind: '__proto__' }, { ...event, kind: 'toString' }),
      state({ ...event, receivedAt: 1e300 }, { ...event, data: { a: 1 } }),
      state({ ...gap, from: -1e300 }),
      state(event, gap, { ...event, event: 'constructor', data: '{"message":"x","logLevel":"constructor"}' }),
      JSON.stringify([1, true, '', 1e300, [event]]),
      '{"length":5}',
      'null',
    ]) {
      // The viewer itself writes when its page is left, so another page of the origin sets the value.
      await viewer.page.goto(new URL('healthz', suite.stage.url).href);
      await viewer.page.evaluate(([name, text]) => localStorage.setItem(name!, text!), [key, value]);
      await viewer.page.goto(`${suite.stage.url}?mode=stream`);
      await viewer.until('connected');
      await viewer.lines.first().waitFor();
    }
  });
});

describe('links of the viewer under an unusual path', () => {
  const suite = viewerSuite(3);

  it('links under an unusual path stay on the page’s own origin, and the page works', async () => {
    const viewer = await suite.open();
    const odd = new URL(suite.stage.url);
    const href = `${odd.origin}//other.example/..%2findex.html?mode=stream`;
    await viewer.page.route(href, async (route) => {
      await route.fulfill({ response: await route.fetch({ url: suite.stage.url }) });
    });
    await viewer.page.goto(href);
    await viewer.until('connected');
    await viewer.line(3).getByRole('button').first().click();
    await viewer.page.getByRole('region', { name: 'Details of the line' }).waitFor();
    const links = () =>
      viewer.page.locator('a[href]').evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
    for (const link of await links()) expect(new URL(link).origin, link).to.equal(odd.origin);
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.page.getByRole('link', { name: 'Line 3' }).waitFor();
    for (const link of await links()) expect(new URL(link).origin, link).to.equal(odd.origin);
    expect(viewer.page.url()).to.equal(suite.stage.url);
  });
});
