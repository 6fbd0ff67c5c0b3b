import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { type LogCursor, type LogStore, SqliteLogStore } from '../src/index.ts';
import { SqliteCursor } from '../src/stores/sqlite/cursor.ts';
import {
  type Run,
  readLimit,
  type Selection,
  SharedReads,
  StoreFailure,
  selectionOf,
} from '../src/stream/shared-reads.ts';
import { cursorAt, idsOf, numbered, seqOf } from './support/numbers.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';
import { CountingStore, FailingStore, LargeReadsStore } from './support/stores.ts';

const readers = 24;

describe('SharedReads', () => {
  const failures: unknown[] = [];
  let store: CountingStore;
  let reads: SharedReads;
  let all: Selection;
  let place: (seq: number) => LogCursor;
  beforeEach(async () => {
    store = new CountingStore(new SqliteLogStore({ path: ':memory:' }));
    reads = new SharedReads(store, (error) => failures.push(error));
    await store.append(logs(500));
    all = selectionOf(store, { workspaceID: 'ws', workflowID: 'wf' });
    const start = await cursorAt(store, 0);
    place = (seq) => new SqliteCursor(start, seq);
  });
  afterEach(async () => {
    failures.length = 0;
    await store.close();
  });

  const firstMessageOf = ({ batches }: Run) => /"message":"(\w+)"/.exec(String(batches[0]?.bytes))?.[1];

  it('SharedReads reads once for all readers at the same place, also for those that come after the read', async () => {
    const runs = await Promise.all(Array.from({ length: readers }, () => reads.read(all, place(100))));
    expect(new Set(runs).size).to.equal(1);
    expect(firstMessageOf(runs[0] as Run)).to.equal('m100');
    expect(await reads.read(all, place(100))).to.equal(runs[0]);
    expect(store.reads).to.equal(1);
  });

  it('SharedReads reads separately for another selection, and for a place within a kept batch', async () => {
    await reads.read(all, place(100));
    await reads.read(selectionOf(store, { levels: ['INFO'] }), place(100));
    expect(firstMessageOf(await reads.read(all, place(110)))).to.equal('m110');
    expect(store.reads).to.equal(3);
  });

  it('SharedReads continues a kept run of several batches from any of their ends', async () => {
    const large = new LargeReadsStore(store);
    const largeReads = new SharedReads(large, (error) => failures.push(error));
    await store.append(logs(3, 'big', { description: 'x'.repeat(70_000) }));
    const run = await largeReads.read(all, place(500));
    expect(run.batches.map(seqOf)).to.deep.equal([501, 502, 503]);
    for (const seq of [501, 502]) expect(await largeReads.read(all, place(seq))).to.equal(run);
    expect(large.reads).to.equal(1);
    await largeReads.read(all, place(503));
    expect(large.reads).to.equal(2);
  });

  it('SharedReads starts at most four reads in one turn of the event loop, however many readers return at once', async () => {
    const running = Promise.all(Array.from({ length: readers }, (_, i) => reads.read(all, place(i))));
    let turns = 1;
    for (; store.reads < readers; turns++) await nextTurn();
    expect(turns).to.be.at.least(readers / 4);
    expect((await running).map(({ after }) => seqOf({ cursor: after }))).to.deep.equal(
      Array.from({ length: readers }, (_, i) => i),
    );
  });

  it('SharedReads keeps a bounded number of bytes', async () => {
    const description = 'x'.repeat(200_000);
    for (let i = 0; i < 40; i++) await store.append([log(`big${i}`, { description })]);
    for (let seq = 500; seq < 540; seq++) await reads.read(all, place(seq));
    const before = store.reads;
    await reads.read(all, place(500));
    expect(store.reads).to.equal(before + 1);
    reads.clear();
    await reads.read(all, place(539));
    expect(store.reads).to.equal(before + 2);
  });

  it('SharedReads reports a failed read once, rejects every reader that shares it, and reads again for the next', async () => {
    const failing = new FailingStore(store);
    failing.failing = new Error('down');
    const failingReads = new SharedReads(failing, (error) => failures.push(error));
    const results = await Promise.allSettled(Array.from({ length: readers }, () => failingReads.read(all, place(100))));
    for (const result of results) {
      expect(result.status === 'rejected' && result.reason).to.be.instanceOf(StoreFailure);
    }
    expect(failures).to.deep.equal([failing.failing]);
    failing.failing = undefined;
    expect(firstMessageOf(await failingReads.read(all, place(100)))).to.equal('m100');
  });
});

describe('many subscribers of one workflow', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  async function subscribers(onError: (error: Error) => void = () => {}) {
    const store = new FailingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store, onError });
    const streams = await Promise.all(Array.from({ length: readers }, () => openStream(`${url}${logsPath}/stream`)));
    await eventually(() => router.stats().atTip === readers);
    return { store, router, streams };
  }

  /** Reads of the store that one subscriber needs for all logs. */
  async function readsOfOne(store: LogStore): Promise<number> {
    let reads = 0;
    let position: LogCursor = await cursorAt(store, 0);
    for (let more = true; more; reads++) ({ cursor: position, more } = await store.read(position, {}, readLimit));
    return reads;
  }

  for (const [size, bytes] of [
    ['100 B', 100],
    ['3 kB', 3_000],
    ['16 kB', 16_000],
    ['100 kB', 100_000],
  ] as const) {
    it(`many subscribers of one workflow cost as many reads of the store as one, with logs of ${size} in bursts of more than a socket buffers`, async () => {
      const { store, streams } = await subscribers();
      const before = store.reads;
      const appended = 4 * Math.ceil(200_000 / bytes);
      const burst = logs(appended / 4, 'm', { description: 'x'.repeat(bytes) });
      for (let i = 0; i < 4; i++) await store.append(burst);
      await store.append([log('end')]);
      await Promise.all(streams.map((stream) => stream.untilMessage('end')));
      const ids = await idsOf(store);
      for (const { text } of streams) expect(numbered(text, ids)).to.equal(numbered(String(streams[0]?.text), ids));
      expect(streams[0]?.messages).to.have.lengthOf(appended + 1);
      const reads = store.reads - before;
      expect(reads).to.be.at.most(2 * (await readsOfOne(store)) + 10);
    });
  }

  it('many subscribers are sent logs that follow each other closely in one write', async () => {
    const { store, streams } = await subscribers();
    const before = store.reads;
    const startedAt = performance.now();
    for (const document of logs(200)) {
      await store.append([document]);
      await nextTurn();
    }
    await Promise.all(streams.map((stream) => stream.untilMessage('m199')));
    // A write every 6 ms at most, for 24 subscribers.
    expect(store.reads - before).to.be.at.most(Math.ceil((performance.now() - startedAt) / 6) + 2);
    for (const stream of streams) expect(stream.messages).to.have.lengthOf(200);
  });

  it('many subscribers get every log once, a turn’s worth at a time, from a store whose reads return megabytes', async () => {
    const store = new LargeReadsStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store });
    const streams = await Promise.all(Array.from({ length: readers }, () => openStream(`${url}${logsPath}/stream`)));
    await eventually(() => router.stats().atTip === readers);
    for (let i = 0; i < 4; i++) await store.append(logs(64, `${i}m`, { description: 'x'.repeat(16_000) }));
    await store.append([log('end')]);
    await Promise.all(streams.map((stream) => stream.untilMessage('end')));
    const ids = await idsOf(store);
    for (const { text } of streams) expect(numbered(text, ids)).to.equal(numbered(String(streams[0]?.text), ids));
    expect(streams[0]?.messages).to.have.lengthOf(4 * 64 + 1);
    expect(store.reads).to.be.below(2 * readers);
  });

  it('many subscribers share reads of the store also while they catch up with full sockets, each at its own pace', async () => {
    const store = new CountingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store });
    // More than the kernel's buffers of both sides hold.
    await store.append(logs(800, 'm', { description: 'x'.repeat(16_000) }));
    await store.append([log('end')]);
    const alone = await readsOfOne(store);
    const streams = await Promise.all(
      Array.from({ length: readers }, () => openStream(`${url}${logsPath}/stream?history=500`, { reading: false })),
    );
    await eventually(() => router.stats().waiting === readers);
    for (const stream of streams) stream.read();
    await Promise.all(streams.map((stream) => stream.untilMessage('end')));
    for (const stream of streams) expect(stream.messages).to.have.lengthOf(500);
    expect(store.reads - alone).to.be.below((readers * alone) / 4);
    await eventually(() => router.stats().atTip === readers);
  });

  it('subscribers of one workflow are cut with one error if the store fails', async () => {
    const errors: Error[] = [];
    const { store, streams } = await subscribers((error) => errors.push(error));
    store.failing = new Error('down');
    await store.append([log('one')]);
    for (const stream of streams) expect(await stream.untilEnd()).to.equal('cut');
    expect(errors).to.deep.equal([store.failing]);
  });
});
