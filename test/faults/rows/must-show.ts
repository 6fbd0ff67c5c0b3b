// Must-show 1 and 2: many broken connections, and many browsers.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

const breaks = 200;
/** A dedicated browser has an upstream connection of its own, each of which is broken as often as the shared one. */
const browsers = { dedicated: 4, shared: 20 };

export const brokenManyTimes: Row = {
  label: 'M1',
  fault: `200 events/s, every upstream connection broken ${breaks} times at random bytes, ${browsers.dedicated} or ${browsers.shared} browsers`,
  modes: both,
  async run(mode) {
    const connections = mode === 'dedicated' ? browsers.dedicated : 1;
    // Response headers are about 200 bytes: some breaks fall into them, most into events.
    const cut = () => ({
      bytes: 1 + Math.floor(Math.random() * 1_000),
      how: Math.random() < 0.5 ? ('fin' as const) : ('rst' as const),
    });
    const scene = await Scene.set({ mode });
    await scene.open(browsers[mode]);
    // Before the first id there is no position to resume from.
    await scene.emit(1);
    await scene.upstream.ask('run', 200);
    scene.relay.rules = { cut };
    scene.relay.breakAll('rst');
    await until(() => scene.relay.broken >= breaks * connections);
    scene.relay.rules = {};
    return scene.figures();
  },
};

export const manyComeAndGo: Row = {
  label: 'M2',
  fault: '1,000 browsers on 1 upstream connection, 250 leave and come back',
  modes: ['shared'],
  async run(mode) {
    const scene = await Scene.set({ mode });
    const viewers = await scene.open(1_000);
    await scene.upstream.ask('run', 20);
    await scene.reached(10);
    const leaving = viewers.filter((_, n) => n % 4 === 0);
    for (const viewer of leaving) viewer.blip();
    await until(() => leaving.every((viewer) => viewer.opens === 2));
    await scene.reached((await scene.upstream.ask('head')).head + 10);
    return scene.figures();
  },
};
