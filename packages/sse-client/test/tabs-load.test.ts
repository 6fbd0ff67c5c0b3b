import { expect } from 'chai';
import type { ConnectionSink, ConnectionStatus } from '../src/connection/connection.ts';
import { readOptions } from '../src/options.ts';
import { type loadTabs, tabsConnection } from '../src/tabs/tabs-connection.ts';
import { type Scene, stage } from './support/scene.ts';
import { until } from './support/until.ts';

type Loaded = Awaited<ReturnType<typeof loadTabs>>;

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the code for shared tabs', () => {
  const scene = stage();

  /** A shared connection, in a page that loads the code for it, or fails to, when the test decides. */
  function make(at: Scene) {
    const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
    const calls: string[] = [];
    const shared = {
      start: () => void calls.push('start'),
      stop: () => void calls.push('stop'),
      retryNow: () => void calls.push('retryNow'),
    };
    const said: ConnectionStatus[] = [];
    const data: string[] = [];
    const sink: ConnectionSink = {
      status: (patch) => void said.push(patch),
      resume() {},
      isCatchingUp: () => false,
      live() {},
      fingerprint: () => '',
      knows: () => false,
      event: (event) => data.push(event.data) > 0,
      cursor() {},
      gap: () => true,
      ready: () => undefined,
      lastEventId: () => '',
      isPastCursor: () => false,
      lastEventAt: () => null,
    };
    const env = { ...at.environment, navigator: { locks: {} as LockManager }, BroadcastChannel };
    const config = readOptions(at.server.url, { shareTabs: true });
    const link = tabsConnection({ url: at.server.url, config, env }, sink, () => promise);
    return {
      link,
      calls,
      said,
      data,
      come: () => resolve({ shareTabs: () => shared } as Loaded),
      fail: () => reject(new Error('404')),
    };
  }

  it('starts the shared connection when its code has loaded', async () => {
    const at = await scene();
    const { link, calls, said, come } = make(at);
    link.start();
    expect(said).to.deep.equal([{ status: 'connecting' }]);
    come();
    await settle();
    link.retryNow();
    link.stop();
    expect(calls).to.deep.equal(['start', 'retryNow', 'stop']);
    expect(at.server.visits).to.be.empty;
  });

  it("connects by itself if the code for shared tabs can't be loaded", async () => {
    const at = await scene();
    const { link, said, data, fail } = make(at);
    link.start();
    fail();
    const visit = await at.server.next();
    visit.open('id: 1\ndata: x\n\n');
    await until(() => data.length > 0);
    expect(data).to.deep.equal(['x']);
    expect(said.map(({ status }) => status)).to.include('connected');
    expect(said.filter(({ role = 'standalone' }) => role !== 'standalone')).to.be.empty;
    visit.cut();
    await until(() => said.at(-1)!.retryAt);
    link.retryNow();
    (await at.server.next()).open('id: 2\ndata: y\n\n');
    await until(() => data.length > 1);
    link.stop();
    expect(at.clock.pending + at.page.listeners).to.equal(0);
  });

  for (const outcome of ['come', 'fail'] as const) {
    it(`connects to nothing if it is stopped before the code for shared tabs did ${outcome}`, async () => {
      const at = await scene();
      const made = make(at);
      made.link.start();
      made.link.stop();
      made[outcome]();
      await settle();
      expect(made.calls).to.be.empty;
      expect(at.clock.pending + at.page.listeners).to.equal(0);
    });

    it(`connects once if it is stopped and started before the code for shared tabs did ${outcome}`, async () => {
      const at = await scene();
      const made = make(at);
      made.link.start();
      made.link.stop();
      made.link.start();
      made[outcome]();
      await settle();
      expect(made.calls).to.deep.equal(outcome === 'come' ? ['start'] : []);
      // The watchdog's timer of one connection, and its three listeners.
      expect([at.clock.pending, at.page.listeners]).to.deep.equal(outcome === 'come' ? [0, 0] : [1, 3]);
      made.link.stop();
    });
  }

  it('ignores retryNow() before the code for shared tabs has loaded', async () => {
    const at = await scene();
    const { link, calls, said, come } = make(at);
    link.retryNow();
    link.start();
    link.retryNow();
    expect([calls.length, at.clock.pending]).to.deep.equal([0, 0]);
    come();
    await settle();
    expect(calls).to.deep.equal(['start']);
    expect(said).to.have.length(1);
    link.stop();
  });
});
