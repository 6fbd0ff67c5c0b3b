import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { needs } from '../../../../test/support/needs.ts';
import { until } from '../support/until.ts';
import type { TabOptions } from './page/kit.ts';
import { numbers } from './support/numbers.ts';
import { type Site, site } from './support/site.ts';
import type { Tab } from './support/tab.ts';

declare global {
  interface Window {
    drawn: { count: number; since: number };
  }
}

const persisted: TabOptions = { persist: { scope: 'ann', debounceMs: 20 } };

describe('what a page has gathered, in Chromium', () => {
  needs('chromium');
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

  for (const isShared of [false, true]) {
    const shared: TabOptions = isShared ? { tabs: {} } : {};
    it(`loses and repeats nothing over reloads of a running stream${isShared ? ' that is shared with another tab' : ''}`, async () => {
      // The page writes only when it is unloaded.
      const leaving = { persist: { scope: 'ann', debounceMs: 1_000_000 }, ...shared };
      const tab = await open(leaving);
      if (isShared) await open(shared);
      const stop = stage.upstream.flow();
      for (const least of [50, 100, 150]) {
        await until(() => stage.upstream.sent >= least);
        await tab.page.reload();
        await tab.start('/sse', leaving);
      }
      await until(() => stage.upstream.sent >= 200);
      stop();
      const last = stage.upstream.sent;
      expect(await tab.untilLast(last)).to.deep.equal(numbers(1, last));
      expect((await tab.said()).counts).to.include({ gaps: 0, total: last });
    });
  }

  it('restores a stream that was on, and one that was off, after a reload', async () => {
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

  it("keeps all events while the storage is full, and reports 'full'", async () => {
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

  it('wipe() leaves nothing behind, in its tab and in another tab that persists the same', async () => {
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

  for (const [title, replaced, left] of [
    ['removes what it wrote after the wipe of another tab', undefined, null],
    ['keeps what a new session wrote after the wipe of another tab', 'newer', 'newer'],
  ] as const) {
    it(`${title}, when the storage event arrives late`, async () => {
      const tab = await open(persisted);
      stage.upstream.send();
      await tab.untilLast(1);
      await tab.page.waitForFunction(() => localStorage.length === 1, undefined, { polling: 10 });
      const found = await tab.page.evaluate((value) => {
        const key = 'sse-client:ann:/sse';
        if (value) localStorage.setItem(key, value);
        window.dispatchEvent(new StorageEvent('storage', { key, newValue: null, storageArea: localStorage }));
        return localStorage.getItem(key);
      }, replaced);
      expect(found).to.equal(left);
      expect((await tab.said()).persistence).to.equal('off');
    });
  }

  const late: TabOptions = { persist: { scope: 'ann', debounceMs: 1_000_000 } };
  for (const [name, wipe] of [
    ['wipe()', async (tab: Tab) => (await tab.start('/sse', { ...late, autoConnect: false })).call('wipe')],
    ['wipePersisted() of its scope', (tab: Tab) => tab.page.evaluate(() => window.kit.wipePersisted('ann'))],
  ] as const) {
    it(`${name} stops another tab that has not written yet`, async () => {
      const other = await open(late);
      stage.upstream.send(2);
      await other.untilLast(2);
      const tab = await stage.tab();
      expect(await keys(tab)).to.deep.equal([]);
      await wipe(tab);
      await other.until('persistence', 'off');
      stage.upstream.send();
      await other.untilLast(3);
      // A page that is unloaded writes what is scheduled.
      await other.page.reload();
      expect(await keys(tab)).to.deep.equal([]);
    });
  }

  /**
   * Upper bound of the notifications while this page counts its frames: one a frame, and ten a second without frames.
   */
  async function countFrames(page: Page): Promise<() => Promise<number>> {
    await page.evaluate(() => {
      window.drawn = { count: 0, since: performance.now() };
      const next = () => {
        window.drawn.count++;
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
    });
    return () =>
      page.evaluate(() => window.drawn.count + Math.ceil((performance.now() - window.drawn.since) / 100) + 1);
  }

  for (const isShared of [false, true]) {
    const shared: TabOptions = isShared ? { tabs: {} } : {};
    it(`notifies of many events once a frame${isShared ? ' in a follower' : ''}, and keeps each`, async () => {
      if (isShared) await open(shared);
      const tab = await open(shared);
      const most = await countFrames(tab.page);
      const before = await tab.page.evaluate(() => window.kit.calls);
      const stop = stage.upstream.flow(1);
      await until(() => stage.upstream.sent >= 300);
      stop();
      const last = stage.upstream.sent;
      expect(await tab.untilLast(last)).to.deep.equal(numbers(1, last));
      const calls = await tab.page.evaluate(() => window.kit.calls);
      expect(calls - before).to.be.within(1, await most());
    });
  }

  it('React renders once a frame, and closes the stream when the component is unmounted', async () => {
    const { page } = await stage.tab();
    await page.evaluate(() => window.react.mount('/sse', {}));
    await page.waitForSelector('[data-status=connected]');
    const most = await countFrames(page);
    const before = await page.evaluate(() => window.react.renders);
    const stop = stage.upstream.flow(1);
    await until(() => stage.upstream.sent >= 300);
    stop();
    const last = stage.upstream.sent;
    await page.waitForSelector(`text="${last} to ${last}"`);
    const renders = await page.evaluate(() => window.react.renders);
    expect(renders - before).to.be.within(1, await most());
    await page.evaluate(() => window.react.unmount());
    await until(() => stage.upstream.open === 0);
  });
});
