import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import { range, type StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

describe('what Stream mode keeps', () => {
  const suite = viewerSuite(5);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open();
  });

  it('shows new logs on top of the stored ones, and their sum as the total', async () => {
    await viewer.untilTotal(5, 0);
    await suite.stage.write(3);
    await viewer.untilTotal(5, 3);
    expect(await viewer.numbers()).to.deep.equal(range(1, 8));
    const top = await viewer.lines.evaluateAll((rows) =>
      rows
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((row) => row.querySelector('.Stream-message')?.textContent),
    );
    expect(top).to.deep.equal(
      range(1, 8)
        .reverse()
        .map((number) => `Line ${number}`),
    );
  });

  it('keeps streaming while Normal mode is shown', async () => {
    await suite.stage.write(2);
    await viewer.untilTotal(5, 2);
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.page.getByRole('button', { name: 'Refresh' }).waitFor();
    await suite.stage.write(4);
    await viewer.page.getByText('6 new lines').waitFor({ state: 'attached' });
    await viewer.page.getByRole('link', { name: 'Stream' }).click();
    await viewer.untilTotal(5, 6);
    expect(await viewer.numbers()).to.deep.equal(range(1, 11));
    expect(suite.stage.asked).to.have.length(1);
  });

  it('keeps all lines after Disconnect, and resumes there with Connect, without gap or duplicate', async () => {
    await suite.stage.write(2);
    await viewer.untilTotal(5, 2);
    await viewer.button('Disconnect').click();
    await viewer.until('idle');
    await suite.stage.write(3);
    expect(await viewer.numbers()).to.deep.equal(range(1, 7));
    await viewer.button('Connect').click();
    await viewer.untilTotal(5, 5);
    expect(await viewer.numbers()).to.deep.equal(range(1, 10));
    expect(await viewer.gaps.count()).to.equal(0);
  });

  it('has every log once after several reloads during a running flow', async () => {
    const stop = suite.stage.flow();
    for (const least of [40, 80, 120]) {
      await untilFresh(viewer.page, least);
      await viewer.page.reload();
      await viewer.until('connected');
    }
    await stop();
    await viewer.untilTotal(5, suite.stage.written - 5);
    expect(await viewer.numbers()).to.deep.equal(range(1, suite.stage.written));
  });

  it('restores the newest lines if there are more than the storage takes, and loads older ones', async () => {
    await suite.stage.write(8_000);
    await viewer.untilTotal(5, 8_000);
    await viewer.page.reload();
    await viewer.until('connected');
    await suite.stage.write();
    await viewer.line(8_006).waitFor();
    const [oldest = 0, ...rest] = (await viewer.numbers()) as number[];
    expect(oldest).to.be.within(2, 7_500);
    expect(rest).to.deep.equal(range(oldest + 1, 8_006));
    await viewer.page.locator('.Stream-list').press('End');
    await viewer.button('Load older lines').click();
    await viewer.untilTotal(200, 8_006 - oldest + 1);
    expect(await viewer.numbers()).to.deep.equal(range(oldest - 200, 8_006));
  });

  it('a mode is removed and the other one rendered in two tasks', async () => {
    await viewer.page.evaluate(() => {
      const batches: string[] = [];
      Object.assign(window, { batches });
      const kinds = (records: MutationRecord[], list: 'addedNodes' | 'removedNodes') =>
        records.some((record) => [...record[list]].some((node) => (node as Element).matches('.Stream, .filters')))
          ? list
          : '';
      const look = (records: MutationRecord[]) =>
        batches.push(`${kinds(records, 'removedNodes')} ${kinds(records, 'addedNodes')}`.trim());
      new MutationObserver(look).observe(document.querySelector('#logs')!, { childList: true });
    });
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.button('Refresh').waitFor();
    await viewer.page.getByRole('link', { name: 'Stream' }).click();
    await viewer.line(5).waitFor();
    const batches = await viewer.page.evaluate(() => (window as unknown as { batches: string[] }).batches);
    expect(batches.filter((batch) => batch.includes(' '))).to.deep.equal([]);
    expect(batches.filter((batch) => batch === 'removedNodes')).to.have.length.of.at.least(2);
  });

  it('“back” and “forward” switch the mode, and the stream continues', async () => {
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.button('Refresh').waitFor();
    await viewer.page.goBack();
    await viewer.line(5).waitFor();
    await viewer.page.goForward();
    await viewer.button('Refresh').waitFor();
    expect(suite.stage.asked).to.have.length(1);
  });

  it('the stream stays off after a reload if it was off, and on if it was on', async () => {
    await suite.stage.write();
    await viewer.untilTotal(5, 1);
    await viewer.button('Disconnect').click();
    await viewer.until('idle');
    await viewer.page.reload();
    await viewer.untilTotal(5, 1);
    await viewer.until('idle');
    await suite.stage.write();
    expect(suite.stage.asked).to.have.length(1);
    await viewer.button('Connect').click();
    await viewer.untilTotal(5, 2);
    await viewer.page.reload();
    await viewer.until('connected');
    await suite.stage.write();
    await viewer.untilTotal(5, 3);
    expect(await viewer.numbers()).to.deep.equal(range(1, 8));
  });

  it('“Clear streamed” removes streamed lines, keeps stored ones and stays connected', async () => {
    await suite.stage.write(3);
    await viewer.untilTotal(5, 3);
    await viewer.button('Clear streamed').click();
    await viewer.untilTotal(5, 0);
    await suite.stage.write();
    await viewer.untilTotal(5, 1);
    expect(await viewer.numbers()).to.deep.equal([...range(1, 5), 9]);
  });

  it('“Start over” shows the stored logs as original', async () => {
    await suite.stage.write(3);
    await viewer.untilTotal(5, 3);
    await viewer.button('Start over').click();
    await viewer.untilTotal(8, 0);
    await suite.stage.write();
    await viewer.untilTotal(8, 1);
    expect(await viewer.numbers()).to.deep.equal(range(1, 9));
  });

  it('works with a full localStorage, and shows that it is full', async () => {
    await viewer.page.evaluate(() => {
      for (let size = 4_000_000, n = 0; size >= 1; ) {
        try {
          localStorage.setItem(`filler-${n}`, 'x'.repeat(size));
          n += 1;
        } catch {
          size = Math.floor(size / 2);
        }
      }
    });
    await suite.stage.write(3);
    await viewer.untilTotal(5, 3);
    await viewer.page.getByText('Storage is full').waitFor();
    await suite.stage.write(3);
    await viewer.untilTotal(5, 6);
    expect(await viewer.numbers()).to.deep.equal(range(1, 11));
    await viewer.page.evaluate(() => {
      for (const key of Object.keys(localStorage)) if (key.startsWith('filler-')) localStorage.removeItem(key);
    });
    await suite.stage.write();
    await viewer.page.getByText('Storage is full').waitFor({ state: 'detached' });
  });
});
