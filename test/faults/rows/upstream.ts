// Rows in which the upstream fails.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

export const finInFraming: Row = {
  cites: '[row 1a]',
  fault: 'FIN inside the framing, between events',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    await scene.open(5);
    for (let round = 0; round < 10; round++) {
      await scene.emit(20);
      scene.relay.breakAll('fin');
    }
    await scene.emit(20);
    return scene.figures();
  },
};

export const cleanEnd: Row = {
  cites: '[row 1b]',
  fault: 'clean end of a stream with ids',
  modes: both,
  async run(mode) {
    // The proxy waits for at least `retryMs` after each end.
    const scene = await Scene.set({ mode, options: { retryMs: 100 } });
    await scene.open(5);
    for (let round = 0; round < 10; round++) {
      await scene.emit(20);
      await scene.upstream.ask('end');
    }
    await scene.emit(20);
    return scene.figures();
  },
};

export const resetMidEvent: Row = {
  cites: '[row 2]',
  fault: 'RST in the middle of an event',
  modes: both,
  async run(mode) {
    // Past the headers; 37 bytes later for each connection, so that each cut falls into another place of an event.
    let connections = 0;
    const cut = () => ({ bytes: 500 + ((37 * connections++) % 1_000), how: 'rst' as const });
    const scene = await Scene.set({ mode, relay: { cut } });
    await scene.open(5);
    await scene.upstream.ask('run', 500);
    await until(() => scene.relay.broken >= 60);
    scene.relay.rules = {};
    return scene.figures();
  },
};

export const refusedAtFirst: Row = {
  cites: '[row 3]',
  fault: 'refused at the first connect',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, direct: true });
    await scene.upstream.kill();
    const viewers = Array.from({ length: 5 }, () => scene.visit());
    await until(() => viewers.every(({ refusals }) => refusals.length >= 2));
    await scene.upstream.restart();
    await until(() => viewers.every(({ opens, refusals, open }) => open && opens > refusals.length));
    await scene.emit(50);
    return scene.figures();
  },
};

export const killedAndRestarted: Row = {
  cites: '[row 4]',
  fault: 'upstream kill -9, restart',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, direct: true });
    await scene.open(10);
    await scene.upstream.ask('run', 500);
    for (let round = 1; round <= 3; round++) {
      await scene.upstream.ask('reached', round * 100);
      await scene.upstream.kill();
      await scene.upstream.restart();
      await scene.upstream.ask('run', 500);
    }
    await scene.upstream.ask('reached', 400);
    return scene.figures();
  },
};

export const halfOpen: Row = {
  cites: '[row 5]',
  fault: 'SIGSTOP, half-open socket',
  modes: both,
  async run(mode) {
    const options = { idleTimeoutMs: 400, heartbeatMs: 100, headersTimeoutMs: 300 };
    const scene = await Scene.set({ mode, options });
    const viewers = await scene.open(5);
    await scene.emit(50);
    const beatsBefore = viewers.map(({ heartbeats }) => heartbeats);
    const { accepted } = scene.relay;
    scene.upstream.signal('SIGSTOP');
    // The proxy must detect the silence and connect again, while it goes on sending heartbeats.
    await until(
      () => scene.relay.accepted > accepted && viewers.every((it, n) => it.heartbeats > (beatsBefore[n] ?? 0)),
    );
    scene.upstream.signal('SIGCONT');
    await scene.emit(50);
    return scene.figures();
  },
};
