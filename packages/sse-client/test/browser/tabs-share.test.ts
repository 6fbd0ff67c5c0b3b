import { expect } from 'chai';
import { needs } from '../../../../test/support/needs.ts';
import { protocol } from '../../src/tabs/messages.ts';
import { until } from '../support/until.ts';
import type { TabOptions } from './page/kit.ts';
import { numbers } from './support/numbers.ts';
import { type Site, site } from './support/site.ts';
import type { Tab } from './support/tab.ts';

const shared: TabOptions = { tabs: {} };

describe('one connection for all tabs, in Chromium', () => {
  needs('chromium');
  let stage: Site;
  beforeEach(async () => {
    stage = await site();
  });
  afterEach(() => stage.close());

  /** Opens a tab that shares its connection. */
  async function open(options: TabOptions = {}): Promise<Tab> {
    const tab = await (await stage.tab()).start('/sse', { ...shared, ...options });
    await tab.untilStatus('connected');
    return tab;
  }

  /** Opens a leader and `count` followers; only the leader has the first event. */
  async function openSeveral(followers: number, options: TabOptions = {}): Promise<[leader: Tab, ...Tab[]]> {
    const leader = await open(options);
    stage.upstream.send();
    await leader.untilLast(1);
    const rest: Tab[] = [];
    for (let n = 0; n < followers; n++) rest.push(await open(options));
    return [leader, ...rest];
  }

  it('two tabs use one stream of the upstream and of the proxy, and both get every event', async () => {
    const [leader, follower] = await openSeveral(1);
    stage.upstream.send(3);
    expect(await leader.untilLast(4)).to.deep.equal(numbers(1, 4));
    expect(await follower!.untilLast(4)).to.deep.equal(numbers(2, 4), 'live from when it came');
    expect(stage.upstream.requests).to.deep.equal(['']);
    expect(stage.proxy.stats()).to.include({ open: 1, opened: 1 });
    expect([(await leader.said()).role, (await follower!.said()).role]).to.deep.equal(['leader', 'follower']);
    expect((await follower!.said()).lastEventId).to.equal('4');
    expect((await follower!.said()).counts).to.include({ received: 3, duplicates: 0, gaps: 0 });
  });

  it('a tab with another URL or another scope has a connection of its own', async () => {
    const all = [
      await open(),
      await open({ tabs: { scope: 'ann' } }),
      await (await stage.tab()).start('/sse?other', shared),
      await open({ tabs: { scope: 'ann' } }),
    ];
    const roles = [];
    for (const tab of all) roles.push((await tab.untilStatus('connected')).role);
    expect(roles).to.deep.equal(['leader', 'leader', 'leader', 'follower']);
    expect(stage.upstream.open).to.equal(3);
  });

  it('a follower with an id that the leader has gets what follows it from the leader', async () => {
    const leader = await open();
    stage.upstream.send(9);
    await leader.untilLast(9);
    const follower = await open({ lastEventId: '4' });
    expect(await follower.untilLast(9)).to.deep.equal(numbers(5, 9));
    stage.upstream.send();
    expect(await follower.untilLast(10)).to.deep.equal(numbers(5, 10));
    expect(stage.upstream.requests).to.deep.equal([''], 'no request of its own');
  });

  it('a follower with an older id catches up through its own connection while events arrive, and then closes it', async () => {
    stage.upstream.send(50);
    const stop = stage.upstream.flow();
    const leader = await open();
    await until(() => stage.upstream.sent > 70);
    const follower = await open({ lastEventId: '10' });
    const caughtUp = stage.upstream.sent;
    await follower.page.waitForFunction((to) => Number(window.kit.list().at(-1)) > to, caughtUp);
    await until(() => stage.upstream.open === 1);
    stop();
    const last = stage.upstream.sent;
    expect(await follower.untilLast(last)).to.deep.equal(numbers(11, last));
    expect((await follower.said()).role).to.equal('follower');
    expect(stage.upstream.requests).to.deep.equal(['', '10']);
    await leader.untilLast(last);
  });

  it('a catch-up that the server refuses ends with a gap', async () => {
    stage.upstream.send(50);
    const leader = await open();
    stage.upstream.send();
    await leader.untilLast(51);
    stage.upstream.answer = { status: 404 };
    const follower = await open({ lastEventId: '10' });
    await follower.untilLast('[unknown-id]');
    stage.upstream.send();
    expect(await follower.untilLast(52)).to.deep.equal(['[unknown-id]', '52']);
    expect(await follower.said()).to.include({ status: 'connected', role: 'follower', lastEventId: '52' });
  });

  it('every tab shows one gap when the leader changes and events have no ids [R32]', async () => {
    stage.upstream.isWithoutIds = true;
    const leader = await open();
    const others = [await open(), await open()];
    stage.upstream.send(2);
    for (const tab of others) await tab.untilLast(2);
    await leader.page.close();
    await until(() => stage.upstream.requests.length === 2 && stage.upstream.open === 1);
    for (const tab of others) await tab.untilLast('[no-ids]');
    stage.upstream.send();
    for (const tab of others) expect(await tab.untilLast(3)).to.deep.equal(['1', '2', '[no-ids]', '3']);
  });

  it("every tab shows the leader's status, and retryNow() in any of them makes the leader connect", async () => {
    const slow = { minDelayMs: 60_000, maxDelayMs: 60_000 };
    const [leader, follower] = await openSeveral(1, slow);
    stage.upstream.answer = { status: 503, headers: { 'retry-after': '1' } };
    stage.upstream.cut();
    await leader.untilStatus('waiting');
    const { retryAt, attempt, lastError } = await leader.said();
    expect(await follower!.untilStatus('waiting')).to.deep.include({ retryAt, attempt, lastError });
    stage.upstream.answer = undefined;
    await follower!.call('retryNow');
    await follower!.untilStatus('connected');
    expect((await leader.said()).role).to.equal('leader');
    expect(stage.upstream.requests).to.deep.equal(['', '1']);
  });

  it('every tab shows unauthorized, and connect() in any of them makes the leader try again', async () => {
    const [leader, follower, third] = await openSeveral(2);
    stage.upstream.answer = { status: 401 };
    stage.upstream.cut();
    for (const tab of [leader, follower!, third!]) await tab.untilStatus('unauthorized');
    stage.upstream.answer = undefined;
    await follower!.call('connect');
    for (const tab of [leader, follower!, third!]) await tab.untilStatus('connected');
    stage.upstream.send();
    for (const tab of [leader, follower!, third!]) await tab.untilLast(2);
    expect(stage.upstream.open).to.equal(1);
  });

  it('disconnect() switches off one tab alone; another one leads then, and nothing is lost', async () => {
    const [leader, follower] = await openSeveral(1);
    stage.upstream.send();
    await follower!.untilLast(2);
    await leader.call('disconnect');
    stage.upstream.send();
    await follower!.untilRole('leader');
    stage.upstream.send();
    expect(await follower!.untilLast(4)).to.deep.equal(numbers(2, 4));
    expect(await leader.said()).to.include({ status: 'idle', role: 'standalone' });
    expect(await leader.list()).to.deep.equal(['1', '2']);
    await leader.call('connect');
    expect(await leader.untilLast(4)).to.deep.equal(numbers(1, 4));
    expect(await leader.said()).to.include({ role: 'follower' });
    await until(() => stage.upstream.open === 1);
  });

  it('a tab that is reset starts live, and all still share one connection', async () => {
    const [leader, follower] = await openSeveral(1);
    stage.upstream.send();
    await follower!.untilLast(2);
    await leader.call('reset');
    await follower!.untilRole('leader');
    await leader.untilRole('follower');
    await leader.untilStatus('connected');
    stage.upstream.send();
    expect(await leader.untilLast(3)).to.deep.equal(['3']);
    expect(await follower!.untilLast(3)).to.deep.equal(['2', '3']);
    await until(() => stage.upstream.open === 1);
  });

  it('without locks or without channels each tab connects by itself', async () => {
    for (const missing of ['locks', 'BroadcastChannel']) {
      const tab = await stage.tab();
      await tab.page.evaluate((name) => {
        if (name === 'locks') Object.defineProperty(navigator, 'locks', { value: undefined });
        else Object.defineProperty(window, 'BroadcastChannel', { value: undefined });
      }, missing);
      await tab.start('/sse', shared);
      expect((await tab.untilStatus('connected')).role).to.equal('standalone');
    }
    expect(stage.upstream.open).to.equal(2);
  });

  it('ignores messages of other senders on its channel', async () => {
    const [leader, follower] = await openSeveral(1);
    await leader.page.evaluate((own) => {
      const url = new URL('/sse', location.href).href;
      const channel = new BroadcastChannel(`${own}:${JSON.stringify(['', url])}`);
      const flow = { kind: 'flow', term: 9e15, seq: 1, items: [['event', { id: 'x', data: 'x' }]] };
      for (const message of [null, undefined, 1, 'hello', [], {}, flow, { ...flow, protocol: `${own}0` }])
        channel.postMessage(message);
      channel.postMessage({ protocol: own, kind: 'of a later minor version' });
      channel.close();
    }, protocol);
    stage.upstream.send();
    expect(await leader.untilLast(2)).to.deep.equal(['1', '2']);
    expect(await follower!.untilLast(2)).to.deep.equal(['2']);
    expect((await leader.said()).role).to.equal('leader');
  });
});
