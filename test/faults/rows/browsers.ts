// Rows of the fault table in which browsers misbehave or have bad networks.
import { setImmediate } from 'node:timers/promises';
import { Relay } from '../support/relay.ts';
import { both, type Row } from '../support/row.ts';
import { type Figures, type Mode, Scene } from '../support/scene.ts';
import { endWithScene, until } from '../support/stage.ts';

// More than the kernel's buffers hold, so that bytes accumulate in the proxy.
const flood = { events: 15_000, eventBytes: 1_000 };
const slowClient = { maxBufferedBytes: 262_144, maxStallMs: 500 };

export const stopsReading: Row = {
  cites: '[row 16]',
  fault: 'browser stops reading',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, options: { slowClient }, upstream: { eventBytes: flood.eventBytes } });
    const others = await scene.open(4);
    const [slow] = await scene.open(1);
    await scene.emit(10);
    slow?.stopReading();
    // In lock step with the other browsers, so that none of them lags on a busy machine.
    for (let sent = 0; sent < flood.events; sent += 100) await scene.emit(100, others);
    await until(async () => (await scene.proxy.ask('stats')).evicted > 0);
    scene.notes.othersCut = others.reduce((sum, { cuts }) => sum + cuts, 0);
    slow?.read();
    await scene.emit(10);
    return scene.figures();
  },
};

export const vanishes: Row = {
  cites: '[row 17]',
  fault: 'browser vanishes without FIN',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, options: { slowClient }, upstream: { eventBytes: flood.eventBytes } });
    const network = endWithScene(await Relay.start(scene.proxy.port), (it) => it.close());
    scene.port = () => network.port;
    const [viewer] = await scene.open(1);
    await scene.emit(10);
    network.rules = { stalled: true };
    viewer?.leave();
    await scene.upstream.ask('emit', flood.events);
    // With the last browser gone, the proxy must close the upstream connection.
    await until(async () => (await scene.upstream.ask('open')) === 0);
    return scene.figures();
  },
};

export const churn: Row = {
  cites: '[row 18]',
  fault: '200 browsers connect and abort in any phase, 5 stay',
  modes: both,
  async run(mode) {
    // With join: 'fresh', browsers that come later would need a join connection, one at a time.
    const scene = await Scene.set({ mode, ...(mode === 'shared' && { options: { share: { join: 'live' } } }) });
    await scene.open(5);
    await scene.emit(1);
    await scene.upstream.ask('run', 200);
    for (let round = 0; round < 5; round++) {
      const passing = Array.from({ length: 40 }, () => scene.visit({ from: 'any' }));
      for (const [n, viewer] of passing.entries()) {
        if (n % 4 === 1) await setImmediate();
        if (n % 4 === 2) viewer.blip();
        if (n % 4 === 3) await until(() => viewer.open);
        viewer.leave();
      }
    }
    const feeds = mode === 'shared' ? 1 : 5;
    await until(async () => (await scene.upstream.ask('open')) === feeds);
    await scene.emit(20);
    return scene.figures();
  },
};

export const storm: Row = {
  cites: '[row 19]',
  fault: 'reconnect storm, 1,000 at once',
  modes: both,
  async run(mode) {
    // All browsers leave together. A long linger keeps the feed until the first one is back, on a slow machine too.
    const scene = await Scene.set({ mode, ...(mode === 'shared' && { options: { share: { lingerMs: 5_000 } } }) });
    const viewers = await scene.open(1_000);
    await scene.emit(20);
    for (const viewer of viewers) viewer.blip();
    await scene.emit(20);
    await scene.emit(10);
    return scene.figures();
  },
};

export const joinDuringResume: Row = {
  cites: '[row 20]',
  fault: 'join during a resume',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, direct: true });
    const viewers = await scene.open(5);
    await scene.emit(40);
    await scene.upstream.kill();
    const joining = [
      ...Array.from({ length: 5 }, () => scene.visit({ from: 21, lastEventId: '20' })),
      ...Array.from({ length: 5 }, () => scene.visit({ from: 41, lastEventId: '40' })),
    ];
    for (const viewer of viewers.slice(0, 2)) viewer.blip();
    await until(() => joining.every(({ opens }) => opens > 0));
    await scene.upstream.restart();
    await scene.emit(40);
    return scene.figures();
  },
};

export const trimmed: Row = {
  cites: '[row 33]',
  fault: "the ring was trimmed past the browsers' id",
  modes: ['shared'],
  run: (mode) => comeBack(mode, { ring: 200, head: 300, id: 50 }),
};

export const trimmedFar: Row = {
  label: '33, far behind',
  cites: '[row 33]',
  fault: "the ring was trimmed past the browsers' id, and holds less than they missed",
  modes: ['shared'],
  run: (mode) => comeBack(mode, { ring: 50, head: 2_000, id: 10 }),
};

/** Five browsers come with an old id while events flow. */
async function comeBack(mode: Mode, { ring, head, id }: { ring: number; head: number; id: number }): Promise<Figures> {
  const scene = await Scene.set({ mode, options: { share: { replay: { maxEvents: ring } } } });
  await scene.open(2);
  for (let sent = 0; sent < head; sent += 50) await scene.emit(50);
  await scene.upstream.ask('run', 100);
  // The latency lets all five arrive before the upstream responds to the first.
  scene.relay.rules = { latencyMs: 300 };
  for (let n = 0; n < 5; n++) scene.visit({ from: id + 1, lastEventId: String(id) });
  await scene.upstream.ask('reached', head + 50);
  return scene.figures();
}

export const trimmedAssigned: Row = {
  label: '33, assigned ids',
  cites: '[row 33]',
  fault: "the ring was trimmed past the browser's id; the upstream has no ids",
  modes: ['shared'],
  async run(mode) {
    const share = { ids: 'assign' as const, replay: { maxEvents: 100 } };
    const scene = await Scene.set({ mode, options: { share } });
    await scene.upstream.ask('set', { noIds: true });
    const [staying, returning] = await scene.open(2);
    await scene.emit(50);
    returning?.blip();
    await scene.emit(50);
    const early = staying?.lastEventId.replace(/-.*/, '-1') ?? '';
    await scene.emit(50);
    scene.visit({ from: 'any', lastEventId: early });
    await scene.emit(50);
    return scene.figures();
  },
};
