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

/** More steps than any script needs. */
const mostSteps = 2_000;

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Delivers everything that is pending. */
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
  else if (act === 'openOld' && tabs.length < 5)
    world.open({ lastEventId: String(choice % (world.idOf(world.sent) + 1)) });
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

/** Thaws and connects every tab, and delivers everything for `ms` milliseconds. */
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
  const list = tab.list().map(Number);
  const { lastEventId } = tab.options;
  if (world.eventsPerId > 1) return expectWholeGroups(world, list, lastEventId);
  const first = lastEventId === undefined ? list[0]! : Number(lastEventId) + 1;
  expect(list).to.deep.equal(upTo(world.sent, first));
}

/**
 * A tab may begin among the events of an id. Those before it may then follow at a resume [R36], so that only the events
 * of later ids are in order.
 */
function expectWholeGroups(world: World, list: number[], lastEventId: string | undefined): void {
  expect(new Set(list).size).to.equal(list.length);
  const firstId = lastEventId === undefined ? world.idOf(list[0]!) : Math.max(Number(lastEventId), 0);
  const first = firstId * world.eventsPerId + 1;
  expect(list.filter((event) => event >= first)).to.deep.equal(upTo(world.sent, first));
}

const upTo = (last: number, first: number) =>
  Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => first + index);

/** Runs random scripts of acts. After `calmMs` of calm every tab must have every event. */
function always(possible: readonly (typeof acts)[number][], calmMs: number, eventsPerId = 1) {
  return fc.asyncProperty(
    fc.array(fc.tuple(fc.constantFrom(...possible), fc.nat(1_000)), { minLength: 10, maxLength: 60 }),
    async (script) => {
      const world = new World(eventsPerId);
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

/** Acts after which no silent leader has to be replaced. */
const lively = acts.filter((act) => !['freeze', 'wait', 'lose'].includes(act));

describe('tabs that share a connection (property)', () => {
  it('all tabs get every event once, over one connection, whatever happens to them in any order', async () => {
    await fc.assert(always(acts, 100_000), { numRuns: 150 });
  });

  it('all tabs get every event once, within one backoff, if no tab is frozen and no message is lost', async () => {
    // Less than a quarter of the watchdog's time, and more than any backoff.
    await fc.assert(always(lively, 10_500), { numRuns: 200 });
  });

  it('all tabs get every event once if several events have the same id [R36]', async () => {
    await fc.assert(always(acts, 100_000, 3), { numRuns: 150 });
    await fc.assert(always(lively, 10_500, 3), { numRuns: 200 });
  });
});
