import { expect } from 'chai';
import { createNotifier } from '../src/notifier.ts';
import { stage } from './support/scene.ts';
import { until } from './support/until.ts';

describe('listeners', () => {
  const scene = stage();

  it('notifies listeners of many events once a frame', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = (await at.server.next()).open(':\n\n');
    await at.until('connected');
    await Promise.resolve();
    let told = 0;
    at.stream.subscribe(() => told++);
    const before = at.now;
    for (let event = 0; event < 100; event++) visit.send(`id: ${event}\ndata: ${event}\n\n`);
    visit.end();
    // The change of status notifies at once, and covers the events that came with it.
    await at.until('waiting');
    await Promise.resolve();
    expect(told).to.be.at.most(2);
    expect(at.now.counts.received).to.equal(100);
    expect(before.entries).to.have.length(0);
  });

  it('notifies listeners of events in the next frame, once', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = (await at.server.next()).open(':\n\n');
    await at.until('connected');
    await Promise.resolve();
    let told = 0;
    at.stream.subscribe(() => told++);
    const before = at.now;
    const timers = at.clock.pending;
    visit.send('data: 1\n\ndata: 2\n\n');
    await until(() => at.clock.pending > timers);
    expect(at.now).to.equal(before);
    expect(told).to.equal(0);
    at.clock.advance(16);
    expect(told).to.equal(1);
    expect(at.now.counts.received).to.equal(2);
    expect(at.now).to.equal(at.now);
    at.clock.advance(100);
    expect(told).to.equal(1);
  });

  it('does not notify listeners of a frame that a change of status has already covered', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = (await at.server.next()).open('data: 1\n\n');
    await at.until('connected');
    await at.received(1);
    visit.end('data: 2\n\n');
    const { counts } = await at.until('waiting');
    expect(counts.received).to.equal(2);
    const { now } = at;
    await Promise.resolve();
    at.stream.disconnect();
    const off = at.now;
    at.clock.advance(100);
    expect(at.now).to.equal(off).and.not.equal(now);
  });

  it('accepts one listener twice, and unsubscribing twice', async () => {
    const { stream } = await scene();
    let told = 0;
    const listener = () => told++;
    const leave = stream.subscribe(listener);
    stream.subscribe(listener);
    stream.clear();
    await Promise.resolve();
    expect(told).to.equal(2);
    leave();
    leave();
    stream.clear();
    await Promise.resolve();
    expect(told).to.equal(3);
  });
});

describe('the notifier', () => {
  function make() {
    const frames = new Map<number, () => void>();
    const timers = new Map<number, () => void>();
    let next = 1;
    const put = (pending: Map<number, () => void>, callback: () => void) => {
      pending.set(next, callback);
      return next++;
    };
    const log: string[] = [];
    const notifier = createNotifier(
      {
        requestAnimationFrame: (callback: () => void) => put(frames, callback),
        cancelAnimationFrame: (frame: number) => void frames.delete(frame),
        setTimeout: (callback: () => void) => put(timers, callback),
        clearTimeout: (timer: unknown) => void timers.delete(timer as number),
      } as never,
      () => log.push('draw'),
    );
    notifier.subscribe(() => log.push('told'));
    return { notifier, frames, timers, log };
  }

  for (const drawn of ['frames', 'timers'] as const) {
    it(`notifies listeners by whichever comes first, a frame or a timer, here by ${drawn}`, () => {
      const { notifier, log, ...made } = make();
      notifier.nextFrame();
      notifier.nextFrame();
      expect(made.frames.size + made.timers.size).to.equal(2);
      for (const draw of made[drawn].values()) draw();
      expect(log).to.deep.equal(['draw', 'told']);
      expect(made.frames.size + made.timers.size).to.equal(0);
      notifier.nextFrame();
      expect(made.frames.size).to.equal(1);
    });
  }

  it('notifies the other listeners when one throws, and reports its error as uncaught', async () => {
    const { notifier, log } = make();
    const leave = notifier.subscribe(() => {
      throw new Error('of a listener');
    });
    notifier.subscribe(() => log.push('last'));
    const original = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const reported = new Promise((resolve) => process.once('uncaughtException', resolve));
    notifier.soon();
    notifier.soon();
    const error = await reported;
    for (const listener of original) process.on('uncaughtException', listener);
    expect((error as Error).message).to.equal('of a listener');
    expect(log).to.deep.equal(['told', 'last']);
    leave();
  });

  it('the notifier releases its frame, its timer and its listeners when it is closed', () => {
    const { notifier, frames, timers, log } = make();
    notifier.nextFrame();
    notifier.close();
    expect(frames.size + timers.size).to.equal(0);
    notifier.soon();
    expect(log).to.deep.equal([]);
  });
});
