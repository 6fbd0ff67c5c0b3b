import { expect } from 'chai';
import fc from 'fast-check';
import { World, type WorldTab } from './support/tabs-world.ts';

const acts = [
  'send',
  'open',
  'openOld',
  'close',
  'crash',
  'freeze',
  'thaw',
  'cut',
  'lose',
  'off',
  'on',
  'wait',
  'step',
  'run',
] as const;
type Act = readonly [(typeof acts)[number], number];

/** More than any script needs. */
const mostSteps = 2_000;

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** All that is on its way arrives. */
async function run(world: World, choice: number): Promise<void> {
  let steps = 0;
  do {
    await settle();
    if (++steps > mostSteps) throw new Error('the tabs talk without end');
  } while (world.step(choice));
}

async function perform(world: World, [act, choice]: Act): Promise<void> {
  const { tabs } = world;
  const tab = tabs[choice % Math.max(1, tabs.length)];
  if (act === 'send') world.send(1 + (choice % 4));
  else if (act === 'open' && tabs.length < 5) world.open({});
  else if (act === 'openOld' && tabs.length < 5) world.open({ lastEventId: String(choice % (world.sent + 1)) });
  else if (act === 'close' && tab && !tab.isFrozen) tab.close();
  else if (act === 'crash') tab?.crash();
  else if (act === 'freeze' && tab) tab.isFrozen = true;
  else if (act === 'thaw') tab?.thaw();
  else if (act === 'cut') for (const connection of [...world.connections]) connection.cut();
  else if (act === 'lose') tab?.lose(-1);
  else if (act === 'off' && tab && !tab.isFrozen) tab.stream.disconnect();
  else if (act === 'on' && tab && !tab.isFrozen) tab.stream.connect();
  else if (act === 'wait') world.clock.advance((choice % 40) * 1_000);
  else if (act === 'step') world.step(choice);
  else if (act === 'run') await run(world, choice);
  await settle();
}

/** Everybody is awake and on, and everything arrives, for so long. */
async function calm(world: World, ms: number): Promise<void> {
  for (const tab of world.tabs) {
    tab.thaw();
    tab.stream.connect();
  }
  for (let passed = 0; passed < ms; passed += 1_000) {
    await run(world, passed);
    world.clock.advance(1_000);
  }
  world.send();
  await run(world, 0);
}

function expectWhole(world: World, tab: WorldTab): void {
  const list = tab.list();
  const first = tab.options.lastEventId === undefined ? Number(list[0]) : Number(tab.options.lastEventId) + 1;
  const all = Array.from({ length: world.sent - first + 1 }, (_, index) => String(first + index));
  expect(list).to.deep.equal(all);
}

/** Any script of these; in the end all tabs are calm for so long, and then everybody has everything. */
function always(possible: readonly (typeof acts)[number][], calmMs: number) {
  return fc.asyncProperty(
    fc.array(fc.tuple(fc.constantFrom(...possible), fc.nat(1_000)), { minLength: 10, maxLength: 60 }),
    async (script) => {
      const world = new World();
      world.open({});
      await settle();
      for (const act of script) await perform(world, act);
      if (world.tabs.length === 0) world.open({});
      await calm(world, calmMs);
      for (const tab of world.tabs) expectWhole(world, tab);
      const roles = world.tabs.map((tab) => tab.stream.getSnapshot().role);
      expect(roles.filter((role) => role === 'leader')).to.have.length(1);
      expect(world.connections.size).to.equal(1);
      for (const tab of [...world.tabs]) tab.close();
      expect(world.channels.size).to.equal(0);
      expect(world.connections.size).to.equal(0);
    },
  );
}

describe('tabs that share a connection', () => {
  it('whatever happens to any of them, in any order: every tab has every event once, and one connects (property)', async () => {
    await fc.assert(always(acts, 100_000), { numRuns: 150 });
  });

  it('as long as none of them stands still and every message arrives, nobody’s patience is needed for that (property)', async () => {
    const lively = acts.filter((act) => !['freeze', 'wait', 'lose'].includes(act));
    // Less than a quarter of it, more than any backoff.
    await fc.assert(always(lively, 10_500), { numRuns: 300 });
  });
});
