import { expect } from 'chai';
import { workflows } from '../../../../examples/datashop/src/demo.ts';
import { log } from '../../support/viewer.ts';
import { range } from '../../support/viewer-page.ts';
import { type BrowserSuite, stored } from '../support/browser-suite.ts';

export function tabScenarios(suite: BrowserSuite): void {
  it('two tabs share one connection, and both have every line', async () => {
    const first = await suite.open();
    const second = await suite.another();
    await first.untilText('[data-testid=connection]', 'Shared');
    await second.untilText('[data-testid=connection]', 'Via another tab');
    await suite.stage.write(4);
    for (const tab of [first, second]) {
      await tab.untilTotal(stored, 4);
      expect(await tab.rows()).to.deep.equal(range(1, 7));
    }
    expect([suite.stage.asked.length, suite.stage.browsers, suite.stage.upstreams]).to.deep.equal([1, 1, 1]);
  });

  it('a tab takes over without losing a line when the one that has the connection is closed', async () => {
    await suite.openPage('healthz');
    const first = await suite.another();
    await first.untilText('[data-testid=connection]', 'Shared');
    const second = await suite.another();
    const stop = suite.stage.flow();
    await second.untilFresh(20);
    await suite.close(first);
    await second.untilText('[data-testid=connection]', 'Shared');
    await second.untilStatus('connected');
    await stop();
    await second.untilTotal(stored, suite.stage.written - stored);
    expect(await second.rows()).to.deep.equal(range(1, suite.stage.written));
    expect(suite.stage.asked).to.have.length(2);
  });

  it('keeps lines and filters after a reload, and adds what was written meanwhile', async () => {
    const tab = await suite.open('&level=WARN,ERROR');
    await suite.stage.write(4);
    await tab.untilTotal(stored, 4);
    await tab.reload();
    await tab.untilStatus('connected');
    await suite.stage.write(4);
    await tab.untilTotal(stored, 8);
    // WARN and ERROR are every third and fourth line.
    expect(await tab.rows()).to.deep.equal([2, 3, 6, 7, 10, 11]);
  });

  it('has every line once after the user has left the page and come back', async () => {
    const tab = await suite.open();
    await suite.stage.write(2);
    await tab.untilTotal(stored, 2);
    await tab.leave(`${suite.stage.url}healthz`);
    await suite.stage.untilBrowsers(0);
    await suite.stage.write(2);
    await tab.back();
    await tab.untilTotal(stored, 4);
    await tab.untilStatus('connected');
    await suite.stage.write();
    await tab.untilTotal(stored, 5);
    expect(await tab.rows()).to.deep.equal(range(1, 8));
    expect(await tab.evaluate('window.isRestored ?? false')).to.equal(suite.browser.keepsPages);
  });

  it('shows only the lines of the workflow that the user has switched to', async () => {
    const live = (number: number) => log(number, { ...workflows.penguins, message: `Line ${number}` });
    await suite.stage.append(live(100));
    const tab = await suite.open();
    await tab.click('penguin-survey', 'nav a');
    await tab.untilTotal(1, 0);
    await tab.untilStatus('connected');
    await suite.stage.write();
    await suite.stage.append(live(101));
    await tab.untilTotal(1, 1);
    expect(await tab.rows()).to.deep.equal([100, 101]);
    await tab.click('l5-etl', 'nav a');
    await tab.untilTotal(stored + 1, 0);
    expect(await tab.rows()).to.deep.equal(range(1, 4));
  });
}
