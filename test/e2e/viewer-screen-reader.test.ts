import { expect } from 'chai';
import { viewerSuite } from './support/viewer-suite.ts';

describe('announcements of Stream mode to screen readers', () => {
  const suite = viewerSuite(10);

  it('announcements summarise new lines at most every five seconds; the list itself is no live region', async () => {
    const viewer = await suite.visit();
    await viewer.page.clock.install();
    await viewer.page.reload();
    await viewer.until('connected');
    await viewer.line(10).waitFor();
    const live = await viewer.lines.first().evaluate((row) => row.closest('[aria-live], [role=status], [role=log]'));
    expect(live).to.equal(null);
    await viewer.page.evaluate(() => {
      const said: string[] = [];
      const announcer = document.querySelector('[data-testid=announcer]')!;
      new MutationObserver(() => said.push(announcer.textContent!)).observe(announcer, {
        childList: true,
        characterData: true,
        subtree: true,
      });
      Object.assign(window, { said });
    });
    const said = () => viewer.page.evaluate(() => (window as unknown as { said: string[] }).said.filter(Boolean));
    const startedAt = await viewer.page.evaluate(() => Date.now());
    for (let burst = 1; burst <= 8; burst += 1) {
      await suite.stage.write(4);
      await viewer.untilTotal(10, 4 * burst);
      await viewer.untilRows(10 + 4 * burst);
    }
    await viewer.page.clock.runFor(5_000);
    const texts = await said();
    const elapsedMs = (await viewer.page.evaluate(() => Date.now())) - startedAt;
    expect(texts.length).to.be.within(1, Math.ceil(elapsedMs / 5_000));
    for (const text of texts) expect(text).to.match(/^\d+ new lines?, \d+ errors?$/);
    const announced = texts.map((text) => Number.parseInt(text, 10)).reduce((sum, count) => sum + count, 0);
    expect(announced).to.equal(32);
  });

  it('announcements give the number of matches after a search, and not again with each new line', async () => {
    const viewer = await suite.open();
    const find = viewer.page.getByRole('searchbox');
    await find.fill('line 1');
    await viewer.page.getByRole('status').getByText('2 found').waitFor({ state: 'attached' });
    await viewer.page.evaluate(() => {
      const said: string[] = [];
      const region = document.querySelector('.Stream-find [role=status]')!;
      const look = () => said.push(region.textContent!);
      new MutationObserver(look).observe(region, { childList: true, characterData: true, subtree: true });
      Object.assign(window, { said });
    });
    for (let number = 11; number < 15; number += 1) {
      await suite.stage.write();
      await viewer.untilRows(number - 8);
    }
    await viewer.page.locator('.Stream-found').getByText('6 found').waitFor();
    expect(await viewer.page.evaluate(() => (window as unknown as { said: string[] }).said)).to.deep.equal([]);
    await find.press('Enter');
    await viewer.page.getByRole('status').getByText('1 of 6').waitFor({ state: 'attached' });
  });
});
