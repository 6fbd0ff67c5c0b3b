import { expect } from 'chai';
import { streamsOnly } from '../../support/viewer-gates.ts';
import { range } from '../../support/viewer-page.ts';
import { type BrowserSuite, stored } from '../support/browser-suite.ts';

export function outageScenarios(suite: BrowserSuite): void {
  it('shows that the server can’t be reached, and has every line once when it is back', async () => {
    const tab = await suite.open();
    await suite.stage.down();
    await tab.untilText('[data-testid=connection]', 'Connection lost (the server can’t be reached)');
    await tab.untilText('.Stream-countdown', 'Reconnecting in');
    await suite.stage.write(2);
    await suite.stage.up();
    await tab.untilToast('Connected again');
    await tab.untilTotal(stored, 2);
    expect(await tab.rows()).to.deep.equal(range(1, 5));
  });

  it('has every line once after a restart of the BFF while lines were written', async () => {
    const tab = await suite.open();
    const stop = suite.stage.flow();
    await tab.untilFresh(20);
    await suite.stage.restartBff({ isDrained: true });
    await tab.untilText('[data-testid=connection]', 'the server is restarting');
    await tab.click('Retry now');
    await tab.untilToast('Connected again');
    await stop();
    await tab.untilTotal(stored, suite.stage.written - stored);
    expect(await tab.rows()).to.deep.equal(range(1, suite.stage.written));
  });

  it('has every line once after a restart of the log service', async () => {
    const tab = await suite.open();
    await suite.stage.write(2);
    await tab.untilTotal(stored, 2);
    await suite.stage.restartService(() => suite.stage.write(2));
    await suite.stage.write();
    await tab.untilTotal(stored, 5);
    await tab.untilStatus('connected');
    expect(await tab.rows()).to.deep.equal(range(1, 8));
  });

  it('shows amber while the log service hangs, and is live as soon as it answers', async () => {
    const tab = await suite.open();
    const waiting: (() => void)[] = [];
    suite.stage.serviceGate = streamsOnly((_req, _res, next) => void waiting.push(next));
    suite.stage.cut();
    await tab.untilStatus('waiting-upstream');
    await tab.untilText('.Stream-status:has(.StatusHint--warning)', 'Log service lost');
    suite.stage.serviceGate = undefined;
    for (const answer of waiting) answer();
    await suite.stage.write(2);
    await tab.untilTotal(stored, 2);
    await tab.untilText('.Stream-status:has(.StatusHint--success)', 'Live');
    expect(await tab.rows()).to.deep.equal(range(1, 5));
  });
}
