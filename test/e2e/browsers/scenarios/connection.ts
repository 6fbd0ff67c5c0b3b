import { expect } from 'chai';
import { streamsOnly } from '../../support/viewer-gates.ts';
import { range } from '../../support/viewer-page.ts';
import { type BrowserSuite, stored } from '../support/browser-suite.ts';

/** An event without an id: the next resume can't prove continuity, so it is a gap. */
const withoutId = 'data: a word without an id\n\n';
/** Shorter than a test, longer than what it does meanwhile. */
const shortS = '2';

export function connectionScenarios(suite: BrowserSuite): void {
  it('shows lines as they are written, the newest on top', async () => {
    const tab = await suite.open();
    await tab.untilText('[data-testid=connection]', 'Live');
    await suite.stage.write(2);
    await tab.untilTotal(stored, 2);
    expect(await tab.rows()).to.deep.equal(range(1, 5));
    expect(await tab.rowsOnScreen()).to.deep.equal(range(1, 5).reverse());
  });

  it('shows 3,000 lines that are written at once', async () => {
    const tab = await suite.open();
    await suite.stage.write(3_000);
    await tab.untilTotal(stored, 3_000);
    expect(await tab.rows()).to.deep.equal(range(1, 3_003));
  });

  it('has every line once after the connection broke while lines were written', async () => {
    const tab = await suite.open();
    const stop = suite.stage.flow();
    await tab.untilFresh(20);
    suite.stage.cutBrowsers();
    await tab.untilToast('Connected again');
    await stop();
    await tab.untilTotal(stored, suite.stage.written - stored);
    expect(await tab.rows()).to.deep.equal(range(1, suite.stage.written));
  });

  it('shows a gap at its place, and fills it with the missing lines', async () => {
    const tab = await suite.open();
    suite.stage.say(withoutId);
    await tab.untilFresh(1);
    suite.stage.isForgetful = true;
    suite.stage.serviceGate = (req) => void req.socket.destroy();
    suite.stage.cut();
    await suite.stage.write(4);
    suite.stage.serviceGate = undefined;
    await tab.untilToast('Lines may be missing');
    await suite.stage.write(2);
    await tab.untilFresh(3);
    expect(await tab.rows()).to.deep.equal([1, 2, 3, 'a word without an id', 'gap', 8, 9]);
    await tab.click('Load what was missed');
    await tab.untilToast('4 missing lines loaded');
    expect(await tab.rows()).to.deep.equal([1, 2, 3, 'a word without an id', ...range(4, 9)]);
  });

  it('counts down after a 429, and comes back by itself with the lines written meanwhile', async () => {
    const tab = await suite.open();
    suite.stage.browserGate = (_req, res) => void res.status(429).set('Retry-After', shortS).end();
    suite.stage.cutBrowsers();
    await tab.untilText('[data-testid=connection]', 'Connection lost (the server responded with 429)');
    await tab.untilText('.Stream-countdown', 'Reconnecting in');
    suite.stage.browserGate = undefined;
    await suite.stage.write(2);
    await tab.untilTotal(stored, 2);
    await tab.untilStatus('connected');
    expect(await tab.rows()).to.deep.equal(range(1, 5));
  });

  it('counts down while the log service refuses streams with 503, and “Retry now” connects', async () => {
    const tab = await suite.open();
    suite.stage.serviceGate = streamsOnly((_req, res) => void res.status(503).set('Retry-After', shortS).end());
    suite.stage.cutBrowsers();
    await tab.untilStatus('refused');
    await tab.untilText('[data-testid=connection]', 'No live lines for now');
    await tab.untilText('.Stream-countdown', 'Reconnecting in');
    suite.stage.serviceGate = undefined;
    await suite.stage.write(2);
    await tab.click('Retry now');
    await tab.untilTotal(stored, 2);
    await tab.untilStatus('connected');
    expect(await tab.rows()).to.deep.equal(range(1, 5));
  });

  it('keeps the lines after Disconnect, ends the stream, and gets what it missed after Connect', async () => {
    const tab = await suite.open();
    await suite.stage.write();
    await tab.untilTotal(stored, 1);
    await tab.click('Disconnect');
    await tab.untilStatus('idle');
    await suite.stage.untilBrowsers(0);
    await suite.stage.write(2);
    expect(await tab.rows()).to.deep.equal(range(1, 4));
    await tab.click('Connect');
    await tab.untilTotal(stored, 3);
    expect(await tab.rows()).to.deep.equal(range(1, 6));
  });
}
