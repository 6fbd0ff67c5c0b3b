import { expect } from 'chai';
import { range, StreamPage } from './support/viewer-page.ts';
import { Stage } from './support/viewer-stage.ts';

describe('Stream mode in several tabs', () => {
  let stage: Stage;
  let first: StreamPage;
  let second: StreamPage;

  beforeEach(async () => {
    stage = await Stage.open();
    await stage.write(3);
    first = await StreamPage.open(stage);
    second = await first.another(stage);
  });
  afterEach(async () => {
    await first?.close();
    await stage.close();
  });

  it('they share one connection and say so, and both show every line', async () => {
    await first.connection.getByText('Shared', { exact: true }).waitFor();
    await second.connection.getByText('Via another tab').waitFor();
    await stage.write(4);
    for (const tab of [first, second]) {
      await tab.untilTotal(3, 4);
      expect(await tab.numbers()).to.deep.equal(range(1, 7));
    }
    expect(stage.asked).to.have.length(1);
    expect([stage.browsers, stage.upstreams]).to.deep.equal([1, 1]);
  });

  it('when the tab with the connection is closed, the other goes on, and misses nothing of a running flow', async () => {
    const stop = stage.flow();
    await second.page.waitForFunction(() => document.body.textContent?.includes('Line 30'), undefined, { polling: 5 });
    await first.page.close();
    await second.connection.getByText('Shared', { exact: true }).waitFor();
    await second.until('connected');
    await stop();
    await second.untilTotal(3, stage.written - 3);
    expect(await second.numbers()).to.deep.equal(range(1, stage.written));
    expect(stage.asked).to.have.length(2);
  });

  it('a line that only the follower asked for is not streamed twice: both tabs reload in turn and stay whole', async () => {
    await stage.write(2);
    await first.untilTotal(3, 2);
    await first.page.reload();
    await first.until('connected');
    await second.until('connected');
    await stage.write(2);
    for (const tab of [first, second]) {
      await tab.untilTotal(3, 4);
      expect(await tab.numbers()).to.deep.equal(range(1, 7));
    }
    expect(stage.browsers).to.equal(1);
  });

  it('one switched off keeps what it has, while the other goes on', async () => {
    await first.button('Disconnect').click();
    await first.until('idle');
    await second.connection.getByText('Shared', { exact: true }).waitFor();
    await second.until('connected');
    await stage.write(2);
    await second.untilTotal(3, 2);
    await first.untilTotal(3, 0);
    await first.button('Connect').click();
    await first.untilTotal(3, 2);
    expect(await first.numbers()).to.deep.equal(range(1, 5));
  });
});
