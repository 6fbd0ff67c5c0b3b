import { expect } from 'chai';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

const rowPx = 32;

describe('what the log viewer does in one task', () => {
  const suite = viewerSuite(300);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open();
    await viewer.line(300).waitFor();
  });

  /** Counts the rows that each rendering adds. */
  const watchRows = () =>
    viewer.page.evaluate(() => {
      const added: number[] = [];
      Object.assign(window, { added });
      new MutationObserver((records) => {
        const nodes = records.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node instanceof Element);
        added.push(nodes.reduce((sum, node) => sum + rowsIn(node), 0));
      }).observe(document.querySelector('main')!, { childList: true, subtree: true });
      function rowsIn(element: Element): number {
        return element.matches('.Stream-row') ? 1 : element.querySelectorAll('.Stream-row').length;
      }
    });
  const addedRows = () => viewer.page.evaluate(() => (window as unknown as { added: number[] }).added);
  /** How many rows the list has in view at most. */
  const inView = () =>
    viewer.page.locator('.Stream-list').evaluate((list, px) => Math.floor(list.clientHeight / px) + 2, rowPx);
  const scrollTo = (px: number) =>
    viewer.page.locator('.Stream-list').evaluate((list, top) => {
      list.scrollTop = top;
    }, px);
  const untilRendered = (rows: number) =>
    viewer.page.waitForFunction((least) => document.querySelectorAll('.Stream-row').length >= least, rows);

  it('renders few rows beyond those in view when the list is scrolled far, and other rows at rest', async () => {
    const visible = await inView();
    await watchRows();
    await scrollTo(100 * rowPx);
    await untilRendered(visible + 15);
    const added = await addedRows();
    expect(added.reduce((sum, each) => sum + each, 0)).to.be.at.least(visible + 15);
    expect(Math.max(...added)).to.be.at.most(visible + 4);
  });

  it('renders few rows beyond those in view when Stream mode is shown again, and other rows at rest', async () => {
    await scrollTo(100 * rowPx);
    const visible = await inView();
    await untilRendered(visible + 15);
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.button('Refresh').waitFor();
    await watchRows();
    await viewer.page.getByRole('link', { name: 'Stream' }).click();
    await untilRendered(visible + 15);
    expect(Math.max(...(await addedRows()))).to.be.at.most(visible + 4);
  });

  it('removes a page of logs in another task than that of the click on Stream', async () => {
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.page.locator('.log-link').first().waitFor();
    const isLeft = await viewer.page.evaluate(async () => {
      document.querySelector<HTMLAnchorElement>('.mode-tab[href*=stream]')!.click();
      // React renders at the end of an event, in a microtask.
      for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
      return document.querySelector('.log-link') !== null;
    });
    expect(isLeft).to.equal(true);
    await viewer.line(300).waitFor();
  });

  it('still shows that no line passes while another filter is applied, if that takes no time', async () => {
    const nothing = viewer.page.getByRole('heading', { name: 'No line passes the filters' });
    await viewer.page.getByLabel('Find in lines').fill('no such text');
    await nothing.waitFor();
    await viewer.page.evaluate(() => {
      const main = document.querySelector('main')!;
      const watch = () =>
        Object.assign(window, { wasLoading: main.querySelector('.Stream-skeleton') !== null || wasLoading() });
      const wasLoading = () => (window as unknown as { wasLoading?: boolean }).wasLoading === true;
      new MutationObserver(watch).observe(main, { childList: true, subtree: true });
    });
    await viewer.page.getByLabel('Find in lines').fill('no such text either');
    await viewer.page.waitForURL(/either/);
    await viewer.button('Clear filters').first().click();
    await viewer.line(300).waitFor();
    expect(await viewer.page.evaluate(() => (window as unknown as { wasLoading?: boolean }).wasLoading)).to.equal(
      false,
    );
  });
});
