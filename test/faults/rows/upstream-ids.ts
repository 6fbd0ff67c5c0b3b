// Rows about the ids of the upstream's events.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

const eventsPerId = 3;

export const sharedIds: Row = {
  cites: '[row 36]',
  fault: `${eventsPerId} events with one id, connections cut among them, upstream resumes by >=`,
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    await scene.upstream.ask('set', { eventsPerId });
    // The browsers drop repeats as sse-client does: an id that several events share can't say which of them arrived.
    const viewers = await scene.open(5, { eventsPerId, dropsRepeats: true });
    for (let round = 0; round < 6; round++) {
      // Each cut falls into another place among the events of one id.
      await scene.emit(19);
      scene.relay.breakAll(round % 2 ? 'fin' : 'rst');
      await scene.emit(19);
      const opens = viewers.map((viewer) => viewer.opens);
      for (const viewer of viewers.slice(2)) viewer.blip();
      await until(() => viewers.slice(2).every((viewer, n) => viewer.opens > (opens[n + 2] ?? 0)));
    }
    await scene.emit(20);
    return scene.figures();
  },
};

export const idsBeginAnew: Row = {
  cites: '[row 37]',
  fault: 'ids begin anew while 2 of 4 browsers are away',
  // A dedicated upstream whose ids restart sends what follows the browser's id: only a ring detects the restart.
  modes: ['shared'],
  async run(mode) {
    const scene = await Scene.set({ mode, options: { share: { replay: { maxEvents: 40 } } } });
    const staying = await scene.open(2);
    const away = await scene.open(2);
    await scene.emit(20);
    for (const viewer of away) viewer.offline();
    await scene.emit(30, staying);
    await scene.upstream.ask('forget');
    await scene.emit(5, []);
    await until(() => staying.every(({ ledger }) => ledger.epoch === 1 && ledger.last === 5));
    // Beyond the id that the other browsers come back with.
    await scene.emit(25, staying);
    for (const viewer of away) viewer.online();
    await until(() => away.every(({ ledger }) => ledger.epoch === 1));
    await scene.emit(10);
    return scene.figures();
  },
};
