import { expect } from 'chai';
import { needs } from '../../../../test/support/needs.ts';
import { until } from '../support/until.ts';
import type { TabOptions } from './page/kit.ts';
import { numbers } from './support/numbers.ts';
import { type Site, site } from './support/site.ts';
import type { Tab } from './support/tab.ts';

const shared: TabOptions = { tabs: {} };
/** Short enough to replace a frozen leader soon, long enough for a busy machine. */
const watched: TabOptions = { tabs: {}, watchdogMs: 2_000 };

describe('the leading tab leaves, in Chromium', () => {
  needs('chromium');
  let stage: Site;
  beforeEach(async () => {
    stage = await site();
  });
  afterEach(() => stage.close());

  async function open(options = shared, url = '/sse'): Promise<Tab> {
    const tab = await (await stage.tab()).start(url, options);
    await tab.untilStatus('connected');
    return tab;
  }

  /** Opens `count` tabs that have the first event; the first one leads. */
  async function openSeveral(count: number, options = shared): Promise<Tab[]> {
    const tabs = [];
    for (let n = 0; n < count; n++) tabs.push(await open(options));
    stage.upstream.send();
    for (const tab of tabs) await tab.untilLast(1);
    return tabs;
  }

  /** Returns the leader among them. */
  async function leaders(tabs: Tab[]): Promise<Tab[]> {
    const roles = await Promise.all(tabs.map(async (tab) => (await tab.said()).role));
    return tabs.filter((_, index) => roles[index] === 'leader');
  }

  /** Resolves when one of them leads. */
  function someLeader(tabs: Tab[]): Promise<Tab> {
    return Promise.any(tabs.map((tab) => tab.untilRole('leader').then(() => tab)));
  }

  /** Ends the leader in the middle of a running flow; resolves when that flow is over. */
  async function endLeader(tabs: Tab[], end: (leader: Tab) => Promise<unknown>): Promise<Tab[]> {
    const stop = stage.upstream.flow();
    const reached = (least: number) => until(() => stage.upstream.sent >= least);
    await reached(30);
    await end(tabs[0]!);
    const rest = tabs.slice(1);
    await until(() => stage.upstream.requests.length >= 2 && stage.upstream.open === 1);
    await reached(stage.upstream.sent + 30);
    stop();
    return rest;
  }

  async function expectEachOnce(tabs: Tab[]): Promise<void> {
    const last = stage.upstream.sent;
    for (const tab of tabs) {
      expect(await tab.untilLast(last)).to.deep.equal(numbers(1, last));
      expect((await tab.said()).counts).to.include({ total: last, gaps: 0 });
    }
    expect(await leaders(tabs)).to.have.length(1);
    await until(() => stage.upstream.open === 1);
  }

  it('another tab continues when the leader is closed, every event once', async () => {
    const rest = await endLeader(await openSeveral(2), (leader) => leader.page.close());
    await expectEachOnce(rest);
    expect(stage.upstream.requests).to.have.length(2);
    expect(stage.upstream.requests[1]).to.match(/^\d+$/);
  });

  it('another tab continues when the leader crashes, every event once', async () => {
    await expectEachOnce(await endLeader(await openSeveral(2), (leader) => leader.crash()));
  });

  it('one of two tabs leads when the leader navigates away, and both have every event once', async () => {
    const rest = await endLeader(await openSeveral(3), (leader) => leader.page.goto('about:blank'));
    await expectEachOnce(rest);
    expect(stage.upstream.requests).to.have.length(2);
  });

  it('the last of five tabs has every event once after one leader after another was closed', async () => {
    const tabs = await openSeveral(5);
    const stop = stage.upstream.flow();
    while (tabs.length > 1) {
      const leader = await someLeader(tabs);
      tabs.splice(tabs.indexOf(leader), 1);
      await leader.page.close();
    }
    await tabs[0]!.untilRole('leader');
    await tabs[0]!.untilStatus('connected');
    stop();
    await expectEachOnce(tabs);
  });

  it('another tab leads within watchdogMs when the leader is frozen; the thawed one follows, with every event once', async () => {
    const [frozen, ...others] = await openSeveral(3, watched);
    await frozen!.freeze();
    const stop = stage.upstream.flow(10);
    const leader = await someLeader(others);
    await leader.untilStatus('connected');
    await leader.page.waitForFunction(() => window.kit.list().length > 10);
    await frozen!.thaw();
    await frozen!.untilRole('follower');
    stop();
    await expectEachOnce([frozen!, ...others]);
  });

  it('a frozen follower has every event once when it thaws, and does not affect the others', async () => {
    const [leader, frozen] = await openSeveral(2, watched);
    await frozen!.freeze();
    const stop = stage.upstream.flow();
    await until(() => stage.upstream.sent > 100);
    await frozen!.thaw();
    stop();
    await expectEachOnce([leader!, frozen!]);
    expect((await leader!.said()).role).to.equal('leader');
    expect(stage.upstream.requests).to.have.length(1);
  });

  it('a tab that is opened while the leader is frozen gets a connection', async () => {
    const [frozen] = await openSeveral(1, watched);
    await frozen!.freeze();
    const late = await (await stage.tab()).start('/sse', watched);
    expect((await late.untilStatus('connected')).role).to.equal('leader');
    stage.upstream.send();
    expect(await late.untilLast(2)).to.deep.equal(['2']);
    await frozen!.thaw();
    expect(await frozen!.untilLast(2)).to.deep.equal(['1', '2']);
    expect((await frozen!.untilRole('follower')).counts.gaps).to.equal(0);
  });

  for (const [away, back, what] of [
    ['pagehide', 'pageshow', 'put into the back/forward cache'],
    ['freeze', 'resume', 'about to be frozen'],
  ] as const) {
    it(`a leader that is ${what} hands over at once, and returns as a follower with every event once`, async () => {
      const [leader, other] = await openSeveral(2);
      const dispatch = (type: string) =>
        leader!.page.evaluate((name) => {
          const target = name.startsWith('page') ? window : document;
          target.dispatchEvent(
            name.startsWith('page') ? new PageTransitionEvent(name, { persisted: true }) : new Event(name),
          );
        }, type);
      await dispatch(away);
      await other!.untilRole('leader');
      await other!.untilStatus('connected');
      stage.upstream.send(5);
      await other!.untilLast(6);
      expect(await leader!.list()).to.deep.equal(['1']);
      await dispatch(back);
      await expectEachOnce([leader!, other!]);
      expect((await leader!.said()).role).to.equal('follower');
    });
  }
});

describe('the seventh tab over HTTP/1.1, in Chromium', () => {
  needs('chromium');
  let stage: Site;
  beforeEach(async () => {
    stage = await site();
  });
  afterEach(() => stage.close());

  async function seven(options: TabOptions): Promise<Tab[]> {
    const tabs = [];
    for (let n = 0; n < 7; n++) tabs.push(await stage.tab());
    for (const tab of tabs.slice(0, 6)) {
      await tab.start('/sse', options);
      await tab.untilStatus('connected');
    }
    await tabs[6]!.start('/sse', options);
    return tabs;
  }

  it('the seventh tab hangs without sharedTabs(), until one of the six is closed', async () => {
    const tabs = await seven({});
    stage.upstream.send();
    for (const tab of tabs.slice(0, 6)) await tab.untilLast(1);
    expect((await tabs[6]!.said()).status).to.equal('connecting');
    expect(stage.upstream.requests).to.have.length(6);
    await tabs[0]!.page.close();
    await tabs[6]!.untilStatus('connected');
    expect(stage.upstream.requests).to.have.length(7);
  });

  it('seven tabs stream over one connection with sharedTabs()', async () => {
    const tabs = await seven({ tabs: {} });
    await tabs[6]!.untilStatus('connected');
    stage.upstream.send();
    for (const tab of tabs) expect(await tab.untilLast(1)).to.deep.equal(['1']);
    expect(stage.upstream.requests).to.have.length(1);
    expect(stage.proxy.stats().opened).to.equal(1);
  });
});
