// Rows about who a browser, or the proxy itself, is for the upstream.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';
import type { Viewer } from '../support/viewer.ts';

export const tenantChanges: Row = {
  cites: '[row 44]',
  fault: 'a token rotates for all 6 browsers of a feed, then 2 of them change their tenant',
  modes: ['shared'],
  async run(mode) {
    const scene = await Scene.set({ mode, proxy: { identities: true }, options: { share: { join: 'live' } } });
    const users = ['0', '1', '2', '3', '4', '5'];
    await scene.proxy.ask('identify', { tenants: Object.fromEntries(users.map((user) => [user, 'old'])) });
    await scene.upstream.ask('set', { token: 'first' });
    await Promise.all(users.map((user) => scene.open(1, { path: `/sse?user=${user}` })));
    await scene.emit(20);
    await scene.proxy.ask('identify', { tokens: ['second'] });
    await scene.upstream.ask('set', { token: 'second' });
    scene.relay.breakAll('rst');
    await scene.emit(20);
    scene.notes.feedsAfterToken = (await scene.proxy.ask('stats')).sharedFeeds;
    await scene.proxy.ask('identify', { tenants: { 0: 'new', 1: 'new' } });
    scene.relay.breakAll('rst');
    await scene.emit(20);
    await scene.emit(20);
    scene.notes.feedsAfterTenant = (await scene.proxy.ask('stats')).sharedFeeds;
    scene.notes.moved = scene.viewers.filter(({ types }) => String(types) === 'old,new').length;
    scene.notes.stayed = scene.viewers.filter(({ types }) => String(types) === 'old').length;
    return scene.figures();
  },
};

export const upstreams = 20;
export const refused = 400;

export const manyKeys: Row = {
  cites: '[row 45]',
  fault: `${upstreams + refused} browsers of one user, each with another shared key; the limit is ${upstreams} upstream connections`,
  modes: ['shared'],
  async run(mode) {
    const options = { limits: { upstreams }, forwardQuery: ['key'], share: { join: 'live' as const } };
    const scene = await Scene.set({ mode, options });
    scene.notes.mostFeeds = 0;
    const come = async (from: number, to: number) => {
      const coming: Viewer[] = [];
      for (let key = from; key < to; key++)
        coming.push(scene.visit({ from: 'any', path: `/sse?key=${key}`, patience: 1 }));
      await until(() => coming.every(({ open, refusals }) => open || refusals.length > 0));
      const { sharedFeeds, upstreamConnections } = await scene.proxy.ask('stats');
      scene.notes.mostFeeds = Math.max(scene.notes.mostFeeds ?? 0, sharedFeeds, upstreamConnections);
      for (const viewer of coming) if (viewer.refusals.length > 0) viewer.leave();
      return coming.filter(({ gone }) => !gone);
    };
    const first = await come(0, upstreams);
    for (let key = 0; key < refused; key += 40) await come(upstreams + key, upstreams + key + 40);
    scene.notes.within = scene.viewers.filter(({ gone }) => !gone).length;
    await scene.emit(20);
    // Feeds that linger make room for new keys.
    for (const viewer of first) viewer.leave();
    await until(async () => (await scene.proxy.ask('stats')).open === 0);
    scene.notes.withinLater = (await come(upstreams + refused, 2 * upstreams + refused)).length;
    await scene.emit(20);
    return scene.figures();
  },
};

export const staleToken: Row = {
  cites: '[row 47]',
  fault: "the proxy's own token is stale, at the first connect and at resume",
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, proxy: { identities: true } });
    await scene.proxy.ask('identify', { tokens: ['stale'] });
    await scene.upstream.ask('set', { token: 'second' });
    const viewers = Array.from({ length: 5 }, () => scene.visit());
    await until(() => viewers.every(({ refusals }) => refusals.length > 0));
    await scene.proxy.ask('identify', { tokens: ['second'] });
    await until(() => viewers.every(({ opens, refusals, open }) => open && opens > refusals.length));
    await scene.emit(20);
    scene.notes.cutsBeforeResume = viewers.reduce((sum, { cuts, refusals }) => sum + cuts - refusals.length, 0);
    const calls = await scene.proxy.ask('identify', { tokens: ['second', 'third'] });
    await scene.upstream.ask('set', { token: 'third' });
    scene.relay.breakAll('rst');
    await scene.emit(20);
    scene.notes.cutsAfterResume = viewers.reduce((sum, { cuts, refusals }) => sum + cuts - refusals.length, 0);
    scene.notes.calls = (await scene.proxy.ask('identify', {})) - calls;
    return scene.figures();
  },
};
