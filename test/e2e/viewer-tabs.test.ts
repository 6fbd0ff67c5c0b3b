import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import { streamsOnly } from './support/viewer-gates.ts';
import { range, type StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

describe('several tabs of Stream mode', () => {
  const suite = viewerSuite(3);
  let first: StreamPage;
  let second: StreamPage;

  beforeEach(async () => {
    first = await suite.open();
    second = await first.another();
  });

  it('tabs share one connection, show that, and have every line', async () => {
    await first.connection.getByText('Shared', { exact: true }).waitFor();
    await second.connection.getByText('Via another tab').waitFor();
    await suite.stage.write(4);
    for (const tab of [first, second]) {
      await tab.untilTotal(3, 4);
      expect(await tab.numbers()).to.deep.equal(range(1, 7));
    }
    expect(suite.stage.asked).to.have.length(1);
    expect([suite.stage.browsers, suite.stage.upstreams]).to.deep.equal([1, 1]);
  });

  it('tabs hand over the connection without losing a line when the tab that has it is closed', async () => {
    const stop = suite.stage.flow();
    await untilFresh(second.page, 30);
    await first.page.close();
    await second.connection.getByText('Shared', { exact: true }).waitFor();
    await second.until('connected');
    await stop();
    await second.untilTotal(3, suite.stage.written - 3);
    expect(await second.numbers()).to.deep.equal(range(1, suite.stage.written));
    expect(suite.stage.asked).to.have.length(2);
  });

  it('tabs have every line once after one of them was reloaded', async () => {
    await suite.stage.write(2);
    await first.untilTotal(3, 2);
    await first.page.reload();
    await first.until('connected');
    await second.until('connected');
    await suite.stage.write(2);
    for (const tab of [first, second]) {
      await tab.untilTotal(3, 4);
      expect(await tab.numbers()).to.deep.equal(range(1, 7));
    }
    await suite.stage.untilBrowsers(1);
  });

  it('every tab says that one of them polls for new lines, also a tab that is opened meanwhile, until a stream works', async () => {
    first.allow(/status of 404/);
    suite.stage.serviceGate = streamsOnly((_req, res) => void res.status(404).end());
    await first.reconnect();
    const polls = (tab: StreamPage) => tab.connection.getByText('no live stream: the server responded with 404');
    // The connection went to the second tab when the first was switched off.
    await second.connection.getByText('Shared', { exact: true }).waitFor();
    const third = await second.another();
    for (const tab of [first, second, third]) await polls(tab).waitFor();
    suite.stage.serviceGate = undefined;
    await second.reconnect();
    for (const tab of [first, second, third]) await polls(tab).waitFor({ state: 'detached' });
    await suite.stage.write(2);
    for (const tab of [first, second, third]) await tab.untilTotal(3, 2);
  });

  it('tabs can be switched off one by one, without losing lines', async () => {
    await first.button('Disconnect').click();
    await first.until('idle');
    await second.connection.getByText('Shared', { exact: true }).waitFor();
    await second.until('connected');
    await suite.stage.write(2);
    await second.untilTotal(3, 2);
    await first.untilTotal(3, 0);
    await first.button('Connect').click();
    await first.untilTotal(3, 2);
    expect(await first.numbers()).to.deep.equal(range(1, 5));
  });
});
