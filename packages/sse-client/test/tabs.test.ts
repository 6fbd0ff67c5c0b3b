import { expect } from 'chai';
import { World } from './support/tabs-world.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Delivers everything that is pending. */
async function run(world: World): Promise<void> {
  do await settle();
  while (world.step(0));
}

/** Lets time pass, and delivers everything that becomes pending. */
async function pass(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    world.clock.advance(500);
    await run(world);
  }
}

const roles = (world: World) => world.tabs.map((tab) => tab.stream.getSnapshot().role);

describe('tabs that share a connection', () => {
  /** Opens `count` tabs that are in step. */
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

  /** Sends heartbeats, so that the watchdog of the leader's connection stays quiet. */
  function beat(world: World): void {
    for (const connection of world.connections) connection.comment();
  }

  it('a leader with nothing to send stays the leader, since it answers pings', async () => {
    const world = await tabs(3);
    for (let minute = 0; minute < 10; minute++) {
      beat(world);
      await pass(world, 30_000);
    }
    expect(roles(world)).to.deep.equal(['leader', 'follower', 'follower']);
    expect(world.requests).to.have.length(1);
  });

  it('a frozen leader is replaced by one tab within watchdogMs', async () => {
    const world = await tabs(3);
    world.tabs[0]!.isFrozen = true;
    await pass(world, 19_000);
    expect(roles(world).slice(1)).to.deep.equal(['follower', 'follower'], 'not at once');
    await pass(world, 21_000);
    expect(roles(world).slice(1)).to.have.members(['leader', 'follower']);
    expect(world.requests).to.deep.equal([null, '1']);
  });

  it('a follower that was frozen pings the leader before it takes the lead', async () => {
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

  it('a follower that fell behind gets the events from the leader, without a request', async () => {
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

  it("a follower that never got an event continues from its leader's cursor", async () => {
    const world = await tabs(1);
    const fresh = world.open({});
    await run(world);
    world.tabs[0]!.crash();
    world.send();
    await pass(world, 1_000);
    expect(fresh.list()).to.deep.equal(['2']);
    expect(world.requests).to.deep.equal([null, '1']);
  });

  it("a page that can't get locks leads for itself", async () => {
    const world = new World();
    world.isWithoutLocks = true;
    const tab = world.open({});
    await run(world);
    world.send();
    await pass(world, 500);
    expect(tab.list()).to.deep.equal(['1']);
  });

  it('a tab that is switched off holds no lock, channel or connection, and is standalone', async () => {
    const world = await tabs(1);
    const [tab] = world.tabs;
    tab!.stream.disconnect();
    await run(world);
    expect(tab!.stream.getSnapshot()).to.include({ role: 'standalone', status: 'idle' });
    expect([world.locks.length, world.channels.size, world.connections.size]).to.deep.equal([0, 0, 0]);
  });

  it('a follower whose cursor is a lone id is served by the leader', async () => {
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
    expect(follower!.stream.getSnapshot().lastEventId).to.equal('2');
    expect(world.requests).to.deep.equal([null]);
  });

  it('a follower with the id that the leader began with is served by the leader', async () => {
    const world = new World();
    world.send(3);
    world.open({ lastEventId: '3' });
    await run(world);
    world.send(2);
    await run(world);
    const follower = world.open({ lastEventId: '3' });
    await run(world);
    expect(follower.list()).to.deep.equal(['4', '5']);
    expect(world.requests).to.deep.equal(['3']);
  });

  it("a catch-up ends its connection when it reaches the leader's position, also without new events", async () => {
    const world = new World();
    world.send(5);
    world.open({ lastEventId: '4' });
    await run(world);
    const follower = world.open({ lastEventId: '2' });
    await run(world);
    expect(follower.list()).to.deep.equal(['3', '4', '5']);
    expect(world.connections.size).to.equal(1);
  });

  it("a catch-up that reaches the middle of the leader's flow takes the rest from there", async () => {
    const world = new World();
    world.send(3);
    const leader = world.open({});
    await run(world);
    world.send();
    await run(world);
    // The leader reads these later; the catch-up reads them in two chunks, 3 to 5 and 6 to 8.
    world.send(4);
    const follower = world.open({ lastEventId: '2' });
    await settle();
    const [unread] = leader.inbox.splice(0, 1);
    leader.take('channel');
    follower.take('channel');
    await settle();
    unread!.act();
    await settle();
    follower.take('channel');
    await settle();
    expect(follower.list()).to.deep.equal([]);
    follower.next(0);
    await settle();
    expect(follower.list()).to.deep.equal(['3', '4', '5', '6', '7', '8']);
    expect(world.connections.size).to.equal(1);
  });

  it('every tab keeps a live event that is equal to an older one, after the leader has caught up [R35]', async () => {
    const world = new World();
    const tabs = [world.open({}), world.open({})];
    await run(world);
    const write = (text: string) => {
      for (const connection of world.connections) connection.write(text);
    };
    write('id: x\ndata: a\n\nid: y\ndata: b\n\n');
    await run(world);
    for (const connection of world.connections) connection.cut();
    await run(world);
    await pass(world, 5_000);
    expect(world.requests).to.deep.equal([null, 'y']);
    write('id: y\ndata: b\n\nid: x\ndata: a\n\nid: y\ndata: b\n\n');
    await run(world);
    for (const tab of tabs) expect(tab.list()).to.deep.equal(['a', 'b', 'a', 'b']);
  });

  it('a follower drops an event of the leader that seed() has added before', async () => {
    const world = new World();
    const tabs = [world.open({}), world.open({})];
    await run(world);
    for (const { stream } of tabs) stream.seed([{ id: '1', data: '1' }]);
    world.send(2);
    await run(world);
    for (const tab of tabs) expect(tab.list()).to.deep.equal(['1', '2']);
  });

  it('a deposed leader replaces a frozen new leader, as any follower does', async () => {
    const world = await tabs(2);
    const [first, second] = world.tabs;
    first!.isFrozen = true;
    await pass(world, 40_000);
    first!.thaw();
    await run(world);
    expect(roles(world)).to.deep.equal(['follower', 'leader']);
    second!.isFrozen = true;
    await pass(world, 41_000);
    expect(roles(world)[0]).to.equal('leader');
  });

  it('a follower that is frozen between its ping and the answer does not take the lead', async () => {
    const world = await tabs(2);
    await pass(world, 19_500);
    beat(world);
    await run(world);
    world.clock.advance(500);
    expect(world.messages.at(-1)).to.equal('ping');
    world.tabs[1]!.isFrozen = true;
    await run(world);
    world.clock.advance(30_000);
    world.tabs[1]!.thaw();
    await pass(world, 500);
    expect(roles(world)).to.deep.equal(['leader', 'follower']);
    expect(world.requests).to.have.length(1);
  });

  it('messages of a deposed leader are ignored', async () => {
    const world = await tabs(3);
    const [old] = world.tabs;
    old!.isFrozen = true;
    await pass(world, 40_000);
    const hellos = world.messages.filter((kind) => kind === 'hello').length;
    world.send();
    old!.thaw();
    // Its pending chunk is delivered before the loss of its lock.
    old!.take(old!.inbox.find(({ source }) => source !== 'lock' && source !== 'channel')!.source);
    await settle();
    expect(world.messages.at(-1)).to.equal('flow');
    await run(world);
    expect(world.tabs.map((tab) => tab.list())).to.deep.equal(Array(3).fill(['1', '2']));
    expect(world.messages.filter((kind) => kind === 'hello')).to.have.length(hellos + 1);
    expect(roles(world)[0]).to.equal('follower');
  });

  it('a deposed leader sends a hello at the first message of the new one', async () => {
    const world = await tabs(2);
    const [old] = world.tabs;
    old!.isFrozen = true;
    await pass(world, 40_000);
    old!.thaw();
    while (roles(world)[0] === 'leader') old!.take('channel');
    expect(world.messages.at(-1)).to.equal('hello');
    expect(old!.inbox.map(({ source }) => source)).to.include('lock');
  });

  it('a lost message is noticed with the next one', async () => {
    const world = await tabs(2);
    const [leader, follower] = world.tabs;
    world.send();
    leader!.next(0);
    await settle();
    follower!.lose(0);
    world.send();
    await run(world);
    expect(follower!.list()).to.deep.equal(['1', '2', '3']);
    expect(world.requests).to.have.length(1);
  });

  for (const [lost, who] of [
    ['hello', 0],
    ['welcome', 1],
  ] as const) {
    it(`a lost ${lost} is sent again, and the leader stays the leader`, async () => {
      const world = await tabs(2);
      const [leader, follower] = world.tabs;
      world.send();
      leader!.next(0);
      await settle();
      follower!.lose(0);
      world.send();
      while (world.messages.at(-1) !== lost) {
        world.step(0);
        await settle();
      }
      world.tabs[who]!.lose(-1);
      beat(world);
      await pass(world, 25_000);
      beat(world);
      await pass(world, 25_000);
      expect(follower!.list()).to.deep.equal(['1', '2', '3']);
      expect(roles(world)).to.deep.equal(['leader', 'follower']);
      expect(world.requests).to.have.length(1);
    });
  }
});
