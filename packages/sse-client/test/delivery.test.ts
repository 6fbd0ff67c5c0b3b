import { expect } from 'chai';
import { iterate, onEvents } from '../src/events.ts';
import type { Entry, EventEntry } from '../src/types.ts';
import { stage } from './support/scene.ts';
import { World } from './support/tabs-world.ts';
import { turns } from './support/turns.ts';
import { until } from './support/until.ts';

const frames = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `id: ${from + index}\ndata: ${from + index}\n\n`).join('');
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
const show = (entry: Entry) => (entry.kind === 'event' ? entry.data : `(${entry.reason})`);

describe('onEvents()', () => {
  const scene = stage();

  it('onEvents() delivers every event of a burst once and in order, however few are kept', async () => {
    const at = await scene({ maxEntries: 3 });
    const data: string[] = [];
    onEvents(at.stream, (batch) => data.push(...batch.map((event) => event.data)));
    at.stream.connect();
    (await at.server.next()).open(frames(1, 20_000));
    await until(() => data.length >= 20_000);
    expect(data).to.deep.equal(numbers(1, 20_000));
    await at.received(20_000);
    expect(at.now.counts).to.include({ kept: 3, dropped: 19_997 });
  });

  it('onEvents() leaves out what the server repeats, and what seed() and fill() add', async () => {
    const at = await scene();
    const data: string[] = [];
    onEvents(at.stream, (batch) => data.push(...batch.map((event) => event.data)));
    at.stream.seed([{ id: '1', data: '1' }]);
    at.stream.connect();
    (await at.server.next()).open(frames(1, 3)).end();
    await at.until('waiting');
    at.retry();
    (await at.server.next()).open(frames(3, 4));
    await at.received(5);
    expect(data).to.deep.equal(['2', '3', '4']);
  });

  it('onEvents() passes gaps to onGap, in order with the events', async () => {
    const at = await scene();
    const order: string[] = [];
    onEvents(
      at.stream,
      (batch) => order.push(batch.map(show).join('+')),
      (gap) => order.push(show(gap)),
    );
    at.stream.connect();
    (await at.server.next()).open(`${frames(1, 2)}event: sse-proxy:gap\ndata: {"reason":"x"}\n\n${frames(3, 3)}`);
    await at.received(3);
    expect(order.join()).to.match(/^1\+2,\(x\),3$/);
  });

  it('onEvents() has delivered every event before the snapshot with it is notified', async () => {
    const at = await scene();
    let delivered = 0;
    onEvents(at.stream, (batch) => {
      delivered += batch.length;
    });
    const behind: number[] = [];
    at.stream.subscribe(() => behind.push(at.now.counts.received - delivered));
    at.stream.connect();
    (await at.server.next()).open(frames(1, 10));
    await at.received(10);
    expect(behind.filter((count) => count > 0)).to.be.empty;
  });

  it('onEvents() stops after unsubscribing and after close(), and survives a listener that throws', async () => {
    const at = await scene();
    const got: string[] = [];
    const original = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const reported = new Promise((resolve) => process.once('uncaughtException', resolve));
    const leave = onEvents(at.stream, () => {
      throw new Error('of a listener');
    });
    const leaveToo = onEvents(at.stream, (batch) => got.push(...batch.map(show)));
    at.stream.connect();
    const visit = (await at.server.next()).open(frames(1, 1));
    expect(((await reported) as Error).message).to.equal('of a listener');
    for (const listener of original) process.on('uncaughtException', listener);
    leave();
    await until(() => got.length > 0);
    leaveToo();
    visit.send(frames(2, 2));
    await at.received(2);
    expect(got).to.deep.equal(['1']);
  });
});

describe('iterate()', () => {
  const scene = stage();

  it('iterate() yields every event and gap once and in order, until close()', async () => {
    const at = await scene({ maxEntries: 3 });
    const got: string[] = [];
    const loop = (async () => {
      for await (const entry of iterate(at.stream)) got.push(show(entry));
    })();
    at.stream.connect();
    const visit = (await at.server.next()).open(frames(1, 5_000));
    await until(() => got.length === 5_000);
    visit.end('event: sse-proxy:gap\ndata: {"reason":"x"}\n\n');
    await at.until('waiting');
    at.retry();
    (await at.server.next()).open(frames(5_000, 5_001));
    await until(() => got.length === 5_002);
    at.stream.close();
    await loop;
    expect(got).to.deep.equal([...numbers(1, 5_000), '(x)', '5001']);
  });

  it('iterate() stops reading from the server while the loop is behind, and pauses the watchdog meanwhile', async () => {
    const at = await scene({ watchdogMs: 1_000 });
    const iterator = iterate(at.stream);
    at.stream.connect();
    const visit = (await at.server.next()).open();
    const line = 'x'.repeat(1_000);
    let sent = 0;
    while (visit.res.write(`id: ${++sent}\ndata: ${line}\n\n`)) await new Promise((resolve) => setImmediate(resolve));
    await until(() => at.now.counts.received > 0);
    // The buffers between server and client fill up, since the loop does not read.
    const isFull = async () => {
      const before = visit.res.writableLength;
      await turns();
      return visit.res.writableLength === before && before > 100_000;
    };
    while (!(await isFull()))
      for (let event = 0; event < 500; event++) visit.res.write(`id: ${++sent}\ndata: ${line}\n\n`);
    const held = at.now.counts.received;
    expect(held).to.be.below(sent);
    at.clock.advance(10_000);
    expect(at.now.status).to.equal('connected');
    const ids: string[] = [];
    while (ids.length < sent) ids.push(((await iterator.next()).value as EventEntry).id);
    expect(ids).to.deep.equal(numbers(1, sent));
    expect(at.now.lastError).to.equal(null);
  });

  it('the stream goes on when a loop over iterate() is left', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = await at.server.next();
    const loop = (async () => {
      for await (const _ of iterate(at.stream)) break;
    })();
    visit.open(frames(1, 3));
    await loop;
    visit.send(frames(4, 6));
    await at.received(6);
    expect(at.data).to.deep.equal(numbers(1, 6));
  });

  it('iterate() ends if the stream is closed already', async () => {
    const at = await scene();
    at.stream.close();
    for await (const entry of iterate(at.stream)) throw new Error(show(entry));
  });

  it('iterate() does not hold back other tabs; a gap takes the place of events that do not fit', async () => {
    const world = new World();
    const tabs = [world.open({ maxEntries: 5 }), world.open({ maxEntries: 5 })];
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const run = async () => {
      do await settle();
      while (world.step(0));
    };
    await run();
    const iterators = tabs.map((tab) => iterate(tab.stream));
    world.send(6_000);
    await run();
    world.send(6_000);
    await run();
    for (const iterator of iterators) {
      const first = (await iterator.next()).value!;
      expect(first).to.include({ kind: 'gap', reason: 'reader-too-slow' });
      const rest: Entry[] = [];
      while (rest.at(-1)?.kind !== 'event' || (rest.at(-1) as EventEntry).data !== '12000')
        rest.push((await iterator.next()).value!);
      expect(rest.map(show)).to.deep.equal(numbers(12_000 - rest.length + 1, 12_000));
    }
  });

  it('iterate() queues at most maxQueued entries where other tabs use the connection', async () => {
    const world = new World();
    const { stream } = world.open({});
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const run = async () => {
      do await settle();
      while (world.step(0));
    };
    await run();
    const iterator = iterate(stream, { maxQueued: 4 });
    world.send(4);
    await run();
    expect(show((await iterator.next()).value!)).to.equal('1');
    world.send(2);
    await run();
    const got: string[] = [];
    while (got.at(-1) !== '6') got.push(show((await iterator.next()).value!));
    expect(got.join()).to.equal('(reader-too-slow),5,6');
  });
});
