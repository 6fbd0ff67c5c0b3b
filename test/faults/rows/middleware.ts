// Rows about the middleware in front of the proxy.
import { wrappers } from '../support/middleware.ts';
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

export const slowClient = { maxBufferedBytes: 262_144, maxStallMs: 300 };

/** One browser without a wrapper, and one with each. */
const paths = ['/sse', ...wrappers.map((name) => `/sse?write=${name}`)];
export const pairs = paths.length;

export const writeWrapped: Row = {
  cites: '[row 42]',
  fault: `res.write wrapped (${wrappers.join(', ')}) or not, one browser of each stops reading`,
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, options: { slowClient }, upstream: { eventBytes: 4_000 } });
    const others = (await Promise.all(paths.map((path) => scene.open(1, { path })))).flat();
    const stopped = (await Promise.all(paths.map((path) => scene.open(1, { path })))).flat();
    await scene.emit(1);
    for (const viewer of stopped) viewer.stopReading();
    scene.notes.mostBuffered = 0;
    for (let evicted = 0; evicted < pairs; ) {
      await scene.emit(50, others);
      const stats = await scene.proxy.ask('stats');
      evicted = stats.evicted;
      scene.notes.mostBuffered = Math.max(scene.notes.mostBuffered, stats.bufferedBytes);
    }
    scene.notes.othersCut = others.reduce((sum, { cuts }) => sum + cuts, 0);
    for (const viewer of stopped) viewer.read();
    await scene.emit(10);
    return scene.figures();
  },
};

const room = 10;

export const leftBefore: Row = {
  cites: '[row 43]',
  fault: `${2 * room} browsers leave before the handler runs; the limit is ${room} streams`,
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, options: { limits: { total: room, upstreams: room } } });
    await scene.open(room / 2);
    await scene.emit(10);
    const before = await scene.proxy.ask('stats');
    const passing = Array.from({ length: 2 * room }, () => scene.visit({ from: 'any', path: '/sse?late=1' }));
    await until(async () => (await scene.proxy.ask('held')).waiting >= passing.length);
    for (const viewer of passing) viewer.leave();
    await until(async () => (await scene.proxy.ask('held')).handled >= passing.length);
    const after = await scene.proxy.ask('stats');
    for (const name of ['open', 'opening', 'opened', 'upstreamConnections', 'sharedFeeds'] as const)
      scene.notes[name] = after[name] - before[name];
    // Each admitted browser needs a permit, which no browser that has left may still hold.
    await scene.open(room / 2, { from: 11, lastEventId: '10' });
    await scene.emit(10);
    return scene.figures();
  },
};
