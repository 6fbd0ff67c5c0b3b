import { expect } from 'chai';
import { range } from '../../support/viewer-page.ts';
import { type BrowserSuite, stored } from '../support/browser-suite.ts';

export function sessionScenarios(suite: BrowserSuite): void {
  it('ends the stream at the sign-out, and keeps no line on the page or in the browser', async () => {
    const tab = await suite.open();
    await suite.stage.write();
    await tab.untilTotal(stored, 1);
    await tab.click('Sign out');
    await tab.untilText('h2', 'You are signed out');
    await suite.stage.untilBrowsers(0);
    expect(await tab.evaluate('document.body.textContent.includes("Line ")')).to.equal(false);
    expect(await tab.evaluate('JSON.stringify(localStorage).includes("Line ")')).to.equal(false);
    await tab.reload();
    await tab.untilText('h2', 'You are signed out');
    await tab.click('Sign in');
    await tab.untilTotal(stored + 1, 0);
  });

  it('shows that the session has ended, and goes on without losing a line after the sign-in', async () => {
    const tab = await suite.open();
    await suite.stage.write();
    await tab.untilTotal(stored, 1);
    await suite.stage.restartBff({ keepSessions: false });
    await tab.untilText('h2', 'Your session has ended');
    await suite.stage.write(2);
    await tab.click('Sign in');
    await tab.untilStatus('connected');
    await tab.untilTotal(stored, 3);
    expect(await tab.rows()).to.deep.equal(range(1, 6));
  });

  it('a sign-in in one tab signs the other tab in', async () => {
    const first = await suite.open();
    const second = await suite.another();
    await suite.stage.restartBff({ keepSessions: false });
    for (const tab of [first, second]) await tab.untilText('h2', 'Your session has ended');
    await second.click('Sign in');
    await suite.stage.write();
    for (const tab of [second, first]) await tab.untilTotal(stored, 1);
  });
}
