// Rows in which the upstream's stream is odd: slow, too fast, repeated, restarted.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

export const dribble: Row = {
  cites: '[row 8]',
  fault: '1-byte dribble',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, relay: { sliceBytes: 1 } });
    await scene.open(mode === 'shared' ? 10 : 3);
    await scene.emit(100);
    return scene.figures();
  },
};

export const floodEvents = { count: 30_000, bytes: 1_000 };

export const flood: Row = {
  cites: '[row 9]',
  fault: `flood of ${floodEvents.count / 1_000}k events of ${floodEvents.bytes} B, one of 4 browsers slow`,
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, upstream: { eventBytes: floodEvents.bytes } });
    await scene.open(3);
    await scene.open(1, { bytesPerSecond: 20_000_000 });
    await scene.emit(1);
    await scene.emit(floodEvents.count);
    return scene.figures();
  },
};

export const newEpoch: Row = {
  cites: '[row 10]',
  fault: 'ids restart (new epoch)',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    await scene.open(5);
    await scene.emit(50);
    await scene.upstream.ask('forget');
    await scene.emit(10, []);
    await until(() => scene.viewers.every(({ ledger }) => ledger.epoch === 1 && ledger.last === 10));
    await scene.emit(90);
    return scene.figures();
  },
};

export const repeated: Row = {
  cites: '[row 11]',
  fault: 'upstream ignores Last-Event-ID',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, relay: { latencyMs: 5 } });
    await scene.open(5);
    await scene.upstream.ask('set', { ignoreLastEventId: true });
    for (let round = 0; round < 5; round++) {
      await scene.emit(100);
      scene.relay.breakAll('rst');
      await until(() => scene.relay.accepted >= (round + 2) * (mode === 'shared' ? 1 : 5));
    }
    await scene.emit(100);
    return scene.figures();
  },
};
