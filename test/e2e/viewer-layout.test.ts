import { expect } from 'chai';
import { pagesOnly } from './support/viewer-gates.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

describe('the place of the controls in Stream mode', () => {
  const suite = viewerSuite(5);
  const top = async ({ page }: StreamPage) => (await page.locator('.list-bar').boundingBox())!.y;

  it('the controls keep their place when the stored logs arrive', async () => {
    let answer = () => {};
    suite.stage.serviceGate = pagesOnly((_req, _res, next) => {
      answer = next;
    });
    const viewer = await suite.visit();
    await viewer.page.locator('[aria-busy=true]').waitFor();
    const before = await top(viewer);
    suite.stage.serviceGate = undefined;
    answer();
    await viewer.page.getByTestId('volume').waitFor();
    expect(await top(viewer)).to.equal(before);
  });

  it('the controls keep their place while a search finds nothing', async () => {
    const viewer = await suite.open();
    await viewer.page.getByTestId('volume').waitFor();
    const before = await top(viewer);
    await viewer.page.getByRole('searchbox').fill('nowhere');
    await viewer.page.getByRole('heading', { name: 'No line passes the filters' }).waitFor();
    await viewer.page.getByTestId('volume').waitFor({ state: 'detached' });
    expect(await top(viewer)).to.equal(before);
  });

  for (const width of [1440, 1024]) {
    it(`the controls keep their place when the connection is lost, in a window of ${width} px`, async () => {
      const viewer = await suite.open({ viewport: { width, height: 800 } });
      viewer.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING/);
      const before = await top(viewer);
      await suite.stage.down();
      await viewer.button('Retry now').waitFor();
      expect(await top(viewer)).to.equal(before);
    });
  }
});
