import { expect } from 'chai';
import { streamPath } from '../../examples/datashop/src/demo.ts';
import { launchBrowser, type RealBrowser } from './support/browser.ts';
import { type Datashop, startDatashop } from './support/datashop.ts';
import { collectIds, counts, streamMode, untilFresh, visit, watchPages } from './support/page.ts';

describe('Datashop when its processes crash', () => {
  watchPages();
  let datashop: Datashop;
  let chromium: RealBrowser;

  before(async () => {
    chromium = await launchBrowser();
  });
  beforeEach(async () => {
    datashop = await startDatashop();
  });
  afterEach(() => datashop?.end());
  after(() => chromium?.close());

  it('loses and duplicates no log when the log service is killed with SIGKILL', async () => {
    const { page } = await visit(chromium.browser, streamMode(datashop.url));
    await collectIds(page, `${streamPath}?history=1`);
    await untilFresh(page, 3);
    await page.waitForFunction(() => window.ids.length >= 3);
    await page.evaluate(() => {
      window.states = [];
      const connection = document.querySelector<HTMLElement>('[data-testid=connection]');
      if (!connection) throw new Error('The page shows no connection');
      new MutationObserver(() => window.states.push(connection.dataset.status ?? '')).observe(connection, {
        attributeFilter: ['data-status'],
      });
    });

    process.kill(datashop.pids.upstream, 'SIGKILL');
    const { fresh } = await counts(page);
    await untilFresh(page, fresh + 10);
    await page.waitForFunction((seen) => window.ids.length > seen, await page.evaluate(() => window.ids.length + 10));

    const numbers = await page.evaluate(() => window.ids.map((id) => Number(id.slice(id.lastIndexOf('-') + 1))));
    const first = numbers[0]!;
    expect(numbers).to.deep.equal(numbers.map((_, index) => first + index));
    expect(datashop.example.stderr).to.match(/ended unexpectedly \(SIGKILL\)/);
    // The page reports an upstream that is lost for 3 s [R43], but its own connection to the BFF stays open.
    const states = new Set(await page.evaluate(() => window.states));
    expect([...states].filter((state) => state !== 'waiting-upstream' && state !== 'connected')).to.deep.equal([]);
    await page.context().close();
  });

  it('restarts a crashed pipeline, and its logs continue', async () => {
    const { page } = await visit(chromium.browser, streamMode(datashop.url));
    await untilFresh(page, 1);
    process.kill(datashop.pids.pipeline, 'SIGKILL');
    await page.waitForFunction(() => document.body.textContent?.includes('Run of movies started'));
    const { fresh } = await counts(page);
    await untilFresh(page, fresh + 5);

    expect(datashop.example.stderr).to.match(/^pipeline ended unexpectedly \(SIGKILL\); starting it again in 250 ms\n/);
    await page.context().close();
  });
});
