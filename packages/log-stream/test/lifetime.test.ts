import { expect } from 'chai';
import request from 'supertest';
import { type LogStreamObserver, SqliteLogStore } from '../src/index.ts';
import { unwatchIntervals, watchIntervals } from './support/intervals.ts';
import { idsOf, lastSeqOf } from './support/numbers.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';
import { CountingStore, SlowStore } from './support/stores.ts';

const noStreams = { streams: 0, opening: 0, atTip: 0, waiting: 0, bufferedBytes: 0, oldestMs: 0, lateDocuments: 0 };
const bigText = 'x'.repeat(16 * 1024);

describe('a slow reader', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  it('bounds the buffer of a slow reader, delays no other, and delivers everything once it reads', async () => {
    const { url, store, router } = await service();
    const slow = await openStream(`${url}${logsPath}/stream`, { reading: false });
    const fast = await openStream(`${url}${logsPath}/stream`);
    let n = 0;
    const burst = async () => {
      await store.append(Array.from({ length: 50 }, () => log(`m${n++}`, { description: bigText })));
      await fast.untilMessage(`m${n - 1}`);
    };
    // The kernel's buffers fill first.
    while (router.stats().waiting === 0) await burst();
    const buffered = router.stats().bufferedBytes;
    for (let i = 0; i < 20; i++) await burst();
    const { atTip, waiting, bufferedBytes } = router.stats();
    expect({ atTip, waiting, bufferedBytes }).to.deep.equal({ atTip: 1, waiting: 1, bufferedBytes: buffered });
    expect(buffered).to.be.below(256 * 1024);

    slow.read();
    await slow.untilMessage(`m${n - 1}`);
    expect(slow.messages).to.deep.equal(fast.messages);
    expect(slow.messages).to.deep.equal(Array.from({ length: n }, (_, i) => `m${i}`));
    await eventually(() => router.stats().atTip === 2);
  });

  it('reads nothing from the store for a replay whose socket is full', async () => {
    const store = new CountingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store });
    await store.append(logs(1_000, 'm', { description: bigText }));
    const slow = await openStream(`${url}${logsPath}/stream`, {
      lastEventId: (await idsOf(store)).encode(0),
      reading: false,
    });
    await eventually(() => router.stats().waiting === 1);
    const { reads } = store;
    expect(router.stats().bufferedBytes).to.be.below(256 * 1024);
    const fast = await openStream(`${url}${logsPath}/stream?history=1`);
    await fast.untilMessage('m999');
    expect(router.stats().waiting).to.equal(1);
    expect(store.reads - reads).to.be.below(10);
    slow.read();
    await slow.untilMessage('m999');
    expect(slow.messages).to.deep.equal(logs(1_000).map(({ message }) => message));
  });

  it('sends no heartbeat to a full socket', async () => {
    const { url, store, router } = await service({ heartbeatMs: 1 });
    await store.append(logs(1_000, 'm', { description: bigText }));
    await openStream(`${url}${logsPath}/stream?history=500`, { reading: false });
    await eventually(() => router.stats().waiting === 1);
    const { bufferedBytes } = router.stats();
    const other = await openStream(`${url}${logsPath}/stream`);
    await other.until((text) => text.split(':ping\n').length > 50);
    expect(router.stats().bufferedBytes - bufferedBytes).to.be.below(25 * ':ping\n'.length);
  });

  it('cuts a reader whose socket takes no byte for maxStallMs, tells observers, and resumes it exactly', async () => {
    const seen: (readonly [hook: string, what: unknown])[] = [];
    const observer: LogStreamObserver = {
      onEvict: ({ stream, bufferedBytes }) => seen.push(['evict', stream], ['bytes', bufferedBytes > 0]),
      onClose: ({ stream, reason }) => seen.push([reason, stream]),
    };
    const { url, store, router } = await service({ maxStallMs: 20, observers: [observer] });
    await store.append(logs(1_000, 'm', { description: bigText }));
    const slow = await openStream(`${url}${logsPath}/stream?history=500`, { reading: false });
    await openStream(`${url}${logsPath}/stream`);
    await eventually(() => router.stats().streams === 1);
    slow.read();
    expect(await slow.untilEnd()).to.equal('cut');
    expect(seen.map(([hook]) => hook)).to.deep.equal(['evict', 'bytes', 'evicted']);
    expect(seen[0]?.[1]).to.deep.equal(seen[2]?.[1]);
    expect(seen[1]?.[1]).to.equal(true);
    const resumed = await openStream(`${url}${logsPath}/stream?history=500`, { lastEventId: slow.lastId });
    await resumed.untilMessage('m999');
    expect([...slow.messages, ...resumed.messages]).to.deep.equal(
      logs(1_000)
        .map(({ message }) => message)
        .slice(500),
    );
  });
});

describe('the end of streams', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    unwatchIntervals();
  });

  it('releases streams, subscriptions and timers wherever a reader leaves', async () => {
    const intervals = watchIntervals();
    const store = new SlowStore(new SqliteLogStore({ path: ':memory:' }), [0, 2, 1]);
    const { url, router } = await service({ store, heartbeatMs: 1_000 });
    await store.append(logs(300));
    const ids = await idsOf(store);
    for (let i = 0; i < 60; i++) {
      const streams = await Promise.all([
        openStream(`${url}/logs/stream`),
        openStream(`${url}${logsPath}/stream?history=200`),
        openStream(`${url}${logsPath}/stream`, { lastEventId: ids.encode(i) }),
      ]);
      if (i % 3 === 0) await store.append([log('more')]);
      if (i % 3 === 1) await eventually(() => router.stats().atTip > 0);
      for (const stream of streams) stream.leave();
    }
    await eventually(() => router.stats().streams === 0);
    expect(router.stats()).to.include(noStreams);
    expect(store.subscriptions).to.equal(0);
    expect(intervals.size).to.equal(0);
  });

  it('close() ends streams after a whole event, and later requests get 503', async () => {
    const intervals = watchIntervals();
    const store = new CountingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, app, router } = await service({ store, heartbeatMs: 1_000 });
    const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(`${url}${logsPath}/stream`)));
    await store.append(logs(5));
    await Promise.all(streams.map((stream) => stream.untilMessage('m4')));
    await router.close();
    for (const stream of streams) {
      expect(await stream.untilEnd()).to.equal('end');
      expect(stream.text).to.match(/\n\n$/);
    }
    expect(router.stats()).to.include(noStreams);
    expect(store.subscriptions).to.equal(0);
    expect(intervals.size).to.equal(0);
    for (const path of [logsPath, `${logsPath}/stream`, '/logs/stream']) {
      const { body } = await request(app).get(path).expect(503);
      expect(body).to.include({ code: 'ERR_LOG_STREAM_CLOSING' });
    }
    await request(app).get('/readyz').expect(503, { status: 'draining' });
    await request(app).get('/healthz').expect(200, { status: 'ok' });
    await router.close();
    // close() leaves the store open.
    expect(await lastSeqOf(store)).to.equal(5);
  });

  it('close() cuts a reader that has not drained after graceMs', async () => {
    const { url, store, router } = await service();
    await store.append(logs(1_000, 'm', { description: bigText }));
    const slow = await openStream(`${url}${logsPath}/stream?history=500`, { reading: false });
    await eventually(() => router.stats().waiting === 1);
    await router.close({ graceMs: 1 });
    expect(router.stats()).to.include(noStreams);
    slow.read();
    expect(await slow.untilEnd()).to.equal('cut');
  });

  it('close() cuts a stream that is still being opened', async () => {
    const store = new SlowStore(new SqliteLogStore({ path: ':memory:' }), [50]);
    const { url, router } = await service({ store });
    const opening = openStream(`${url}/logs/stream`).then(
      () => 'opened',
      () => 'refused',
    );
    await eventually(() => router.stats().streams === 1);
    await router.close({ graceMs: 1 });
    expect(router.stats()).to.include(noStreams);
    // EventSource would give up for good after an empty 200.
    expect(await opening).to.equal('refused');
  });
});
