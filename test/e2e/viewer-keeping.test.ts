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

  it('stored logs stay, new ones come on top, and the total is their sum', async () => {
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

  it('both modes and back: nothing is lost, and what came meanwhile is there', async () => {
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

  it('Disconnect keeps all that was gathered; Connect goes on there, with no gap and no double', async () => {
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

  it('reloaded in the middle of a flow, again and again: every log once', async () => {
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

  it('of more than a reload can keep the newest are left, without a hole, and the older ones can be loaded', async () => {
    await suite.stage.write(8_000);
    await viewer.untilTotal(5, 8_000);
    await viewer.page.reload();
    await viewer.until('connected');
    await suite.stage.write();
    await viewer.line(8_006).waitFor();
    const [oldest = 0, ...rest] = (await viewer.numbers()) as number[];
    expect(oldest).to.be.within(2, 6_000);
    expect(rest).to.deep.equal(range(oldest + 1, 8_006));
    await viewer.page.locator('.Stream-list').press('End');
    await viewer.button('Load older lines').click();
    await viewer.untilTotal(200, 8_006 - oldest + 1);
    expect(await viewer.numbers()).to.deep.equal(range(oldest - 200, 8_006));
  });

  it('what is stored can’t be loaded: says why, and trying again brings it all', async () => {
    suite.stage.serviceGate = (req) => void req.socket.destroy();
    const other = await suite.visit();
    other.allow(/status of 502/);
    await other.page.getByRole('alert').getByText('The log service did not answer').waitFor();
    suite.stage.serviceGate = undefined;
    await other.button('Try again').click();
    await other.until('connected');
    await suite.stage.write(2);
    await other.untilTotal(5, 2);
    expect(await other.numbers()).to.deep.equal(range(1, 7));
  });

  it('“back” and “forward” go between the modes, and the stream goes on', async () => {
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.button('Refresh').waitFor();
    await viewer.page.goBack();
    await viewer.line(5).waitFor();
    await viewer.page.goForward();
    await viewer.button('Refresh').waitFor();
    expect(suite.stage.asked).to.have.length(1);
  });

  it('switched off, it stays off after a reload; on, it comes back on', async () => {
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

  it('streamed lines can be cleared: the stored ones stay, and the next one comes', async () => {
    await suite.stage.write(3);
    await viewer.untilTotal(5, 3);
    await viewer.button('Clear streamed').click();
    await viewer.untilTotal(5, 0);
    await suite.stage.write();
    await viewer.untilTotal(5, 1);
    expect(await viewer.numbers()).to.deep.equal([...range(1, 5), 9]);
  });

  it('starting over shows what is stored now as original', async () => {
    await suite.stage.write(3);
    await viewer.untilTotal(5, 3);
    await viewer.button('Start over').click();
    await viewer.untilTotal(8, 0);
    await suite.stage.write();
    await viewer.untilTotal(8, 1);
    expect(await viewer.numbers()).to.deep.equal(range(1, 9));
  });

  it('a full localStorage is said quietly, and the page works on', async () => {
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
