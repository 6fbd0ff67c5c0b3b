import { expect } from 'chai';
import { World } from './support/tabs-world.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** All that is on its way arrives. */
async function run(world: World): Promise<void> {
  do await settle();
  while (world.step(0));
}

/** Time passes, and everything arrives at its time. */
async function pass(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    world.clock.advance(500);
    await run(world);
  }
}

const roles = (world: World) => world.tabs.map((tab) => tab.stream.getSnapshot().role);

describe('who leads', () => {
  /** So many tabs in step. */
  async function tabs(count: number): Promise<World> {
    const world = new World();
    for (let n = 0; n < count; n++) {
      world.open({ watchdogMs: 40_000 });
      await run(world);
    }
    world.send();
    await run(world);
    expect(world.tabs.map((tab) => tab.list())).to.deep.equal(Array(count).fill(['1']));
    return world;
  }

  /** The upstream's heartbeats, so that its silence is not what is tested. */
  function beat(world: World): void {
    for (const connection of world.connections) connection.comment();
  }

  it('a leader with nothing to tell leads on: it answers when asked', async () => {
    const world = await tabs(3);
    for (let minute = 0; minute < 10; minute++) {
      beat(world);
      await pass(world, 30_000);
    }
    expect(roles(world)).to.deep.equal(['leader', 'follower', 'follower']);
    expect(world.requests).to.have.length(1);
  });

  it('a leader that stands still is replaced within watchdogMs, by one tab', async () => {
    const world = await tabs(3);
    world.tabs[0]!.isFrozen = true;
    await pass(world, 19_000);
    expect(roles(world).slice(1)).to.deep.equal(['follower', 'follower'], 'not at once');
    await pass(world, 21_000);
    expect(roles(world).slice(1)).to.have.members(['leader', 'follower']);
    expect(world.requests).to.deep.equal([null, '1']);
  });

  it('a follower that stood still asks before it takes the lead', async () => {
    const world = await tabs(2);
    const [, follower] = world.tabs;
    follower!.isFrozen = true;
    await pass(world, 15_000);
    beat(world);
    await run(world);
    world.clock.advance(30_000);
    follower!.thaw();
    await run(world);
    expect(roles(world)).to.deep.equal(['leader', 'follower']);
    expect(world.requests).to.have.length(1);
  });

  it('a follower that fell behind is given the events by the leader, without a request', async () => {
    const world = await tabs(2);
    const [, follower] = world.tabs;
    follower!.stream.disconnect();
    world.send(4);
    await run(world);
    follower!.stream.connect();
    await run(world);
    expect(follower!.list()).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(world.requests).to.deep.equal([null]);
  });

  it('a fresh tab that never got an event leads from where its leader was', async () => {
    const world = await tabs(1);
    const fresh = world.open({});
    await run(world);
    world.tabs[0]!.crash();
    world.send();
    await pass(world, 1_000);
    expect(fresh.list()).to.deep.equal(['2']);
    expect(world.requests).to.deep.equal([null, '1']);
  });

  it('what the leader had read but not told yet, it tells as it leaves', async () => {
    const world = await tabs(2);
    const [leader, follower] = world.tabs;
    world.send();
    await run(world);
    // Another one listens in the same turn, and switches the leader off.
    leader!.stream.subscribe(() => leader!.stream.disconnect());
    world.send();
    await run(world);
    await pass(world, 2_000);
    expect(follower!.list()).to.deep.equal(['1', '2', '3']);
  });

  it('a page that is given no locks leads for itself', async () => {
    const world = new World();
    world.isWithoutLocks = true;
    const tab = world.open({});
    await run(world);
    world.send();
    await pass(world, 500);
    expect(tab.list()).to.deep.equal(['1']);
  });

  it('a tab that is switched off holds nothing, and says that it is alone', async () => {
    const world = await tabs(1);
    const [tab] = world.tabs;
    tab!.stream.disconnect();
    await run(world);
    expect(tab!.stream.getSnapshot()).to.include({ role: 'alone', status: 'idle' });
    expect([world.locks.length, world.channels.size, world.connections.size]).to.deep.equal([0, 0, 0]);
  });

  it('ids that came without an event are cursors, too: whoever has one is served from there', async () => {
    const world = await tabs(2);
    const [, follower] = world.tabs;
    for (const connection of world.connections) connection.lone('moved');
    await run(world);
    follower!.stream.disconnect();
    world.send();
    await run(world);
    follower!.stream.connect();
    await run(world);
    expect(follower!.list()).to.deep.equal(['1', '2']);
    expect(world.requests).to.deep.equal([null]);
  });
});
