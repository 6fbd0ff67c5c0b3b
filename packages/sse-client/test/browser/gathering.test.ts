import { expect } from 'chai';
import { until } from '../support/until.ts';
import { numbers } from './support/numbers.ts';
import { type Site, site } from './support/site.ts';
import type { Tab, TabOptions } from './support/tab.ts';

const persisted: TabOptions = { persist: { scope: 'ann', debounceMs: 20 } };

describe('what a page has gathered, in Chromium', () => {
  let stage: Site;
  beforeEach(async () => {
    stage = await site();
  });
  afterEach(() => stage.close());

  async function open(options: TabOptions): Promise<Tab> {
    const tab = await (await stage.tab()).start('/sse', options);
    await tab.untilStatus('connected');
    return tab;
  }

  const keys = (tab: Tab) =>
    tab.page.evaluate(() => Object.keys(localStorage).filter((key) => !key.startsWith('filling')));

  for (const shareTabs of [false, true]) {
    it(`reloads under a running stream${shareTabs ? ', shared with another tab' : ''}: no gap, no double`, async () => {
      const tab = await open({ ...persisted, shareTabs });
      if (shareTabs) await open({ shareTabs });
      const stop = stage.upstream.flow();
      for (const least of [50, 100, 150]) {
        await until(() => stage.upstream.sent >= least);
        await tab.page.reload();
        await tab.start('/sse', { ...persisted, shareTabs });
      }
      await until(() => stage.upstream.sent >= 200);
      stop();
      const last = stage.upstream.sent;
      expect(await tab.untilLast(last)).to.deep.equal(numbers(1, last));
      expect((await tab.said()).counts).to.include({ gaps: 0, total: last });
    });
  }

  it('after a reload a stream that was on is on, and one that was switched off stays off with what it had', async () => {
    const tab = await open({ ...persisted, autoConnect: true });
    stage.upstream.send(2);
    await tab.untilLast(2);
    await tab.page.reload();
    await tab.start('/sse', { ...persisted, autoConnect: false });
    expect((await tab.said()).status).to.equal('idle', 'nobody ever called connect()');
    await tab.call('connect');
    await tab.untilStatus('connected');
    await tab.page.reload();
    await tab.start('/sse', { ...persisted, autoConnect: false });
    await tab.untilStatus('connected');
    await tab.call('disconnect');
    await tab.page.reload();
    await tab.start('/sse', { ...persisted, autoConnect: true });
    expect((await tab.said()).status).to.equal('idle');
    expect(await tab.list()).to.deep.equal(['1', '2']);
  });

  it('a full storage costs persistence, never events: it says so, and goes on', async () => {
    const tab = await stage.tab();
    await tab.page.evaluate(() => {
      for (let size = 2 ** 22; size >= 1; ) {
        try {
          localStorage.setItem(`filling ${localStorage.length}`, 'x'.repeat(size));
        } catch {
          size = Math.floor(size / 2);
        }
      }
    });
    await tab.start('/sse', persisted);
    await tab.untilStatus('connected');
    stage.upstream.send(3);
    await tab.until('persistence', 'full');
    stage.upstream.send();
    expect(await tab.untilLast(4)).to.deep.equal(numbers(1, 4));
    expect(await keys(tab)).to.deep.equal([]);
    await tab.page.evaluate(() => localStorage.clear());
    stage.upstream.send();
    await tab.until('persistence', 'on');
    await tab.page.reload();
    await tab.start('/sse', persisted);
    expect(await tab.untilLast(5)).to.deep.equal(numbers(1, 5));
  });

  it('wipe() leaves nothing behind, in this tab or by another one that persists the same', async () => {
    const [tab, other] = [await open(persisted), await open(persisted)];
    stage.upstream.send(2);
    for (const one of [tab, other]) await one.untilLast(2);
    await tab.page.waitForFunction(() => localStorage.length === 1, undefined, { polling: 10 });
    await tab.call('wipe');
    await other.until('persistence', 'off');
    stage.upstream.send();
    await tab.untilLast(3);
    await other.untilLast(3);
    for (const one of [tab, other]) await one.page.reload();
    expect(await keys(tab)).to.deep.equal([]);
  });

  for (const shareTabs of [false, true]) {
    it(`a burst of 100 events is 100 entries and few notices${shareTabs ? ', in a follower, too' : ''}`, async () => {
      if (shareTabs) await open({ shareTabs });
      const tab = await open({ shareTabs });
      const before = await tab.page.evaluate(() => window.kit.calls);
      stage.upstream.send(100);
      expect(await tab.untilLast(100)).to.deep.equal(numbers(1, 100));
      // What the last frame tells has been told after the next one.
      await tab.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
      const calls = (await tab.page.evaluate(() => window.kit.calls)) - before;
      expect(calls).to.be.within(1, 4);
    });
  }

  it('React renders once a frame, not once an event, and closes the stream when the component leaves', async () => {
    const { page } = await stage.tab();
    await page.evaluate(() => window.react.mount('/sse', {}));
    await page.waitForSelector('[data-status=connected]');
    const before = await page.evaluate(() => window.react.renders);
    stage.upstream.send(100);
    await page.waitForSelector('text="100 to 100"');
    const renders = (await page.evaluate(() => window.react.renders)) - before;
    expect(renders).to.be.within(1, 4);
    await page.evaluate(() => window.react.unmount());
    await until(() => stage.upstream.open === 0);
  });
});
