// Not a row of the contract: many faults at random, at the same time.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';

const steps = 150;
const eventsPerStep = 4;

export const allAtOnce: Row = {
  label: 'all',
  fault: 'broken connections, paused browsers and old ids at random, with a replay ring of 20 events',
  modes: both,
  async run(mode) {
    const share = { lingerMs: 50, replay: { maxEvents: 20 } };
    const scene = await Scene.set({ mode, options: { share } });
    const [first] = await scene.open(10);
    await scene.emit(1);
    await scene.upstream.ask('run', 400);
    const below = (limit: number) => Math.floor(Math.random() * limit);
    for (let step = 1; step <= steps; step++) {
      await scene.upstream.ask('reached', step * eventsPerStep);
      if (step % 5 === 0) scene.relay.breakAll(step % 2 ? 'fin' : 'rst');
      const viewer = scene.viewers[below(scene.viewers.length)];
      const dice = below(20);
      if (dice < 6) viewer?.blip(dice < 3 ? 'rst' : 'fin');
      else if (dice < 10) viewer?.stopReading();
      else if (dice < 16) viewer?.read();
      else {
        const id = 1 + below(Math.max(1, (first?.ledger.last ?? 1) - 1));
        scene.visit({ lastEventId: String(id), from: id + 1 });
      }
    }
    for (const viewer of scene.viewers) viewer.read();
    return scene.figures();
  },
};
