import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { type LogDocument, type LogInput, type LogStore, SqliteLogStore } from '../src/index.ts';
import { type EventIds, eventIds } from '../src/stores/sqlite/event-id.ts';
import { epochOf, idsOf, numbered } from './support/numbers.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream, type TestStream } from './support/sse.ts';
import { FailingStore, GatedStore, SlowStore } from './support/stores.ts';

/** Schedules per property. */
const runs = Number(process.env.SSE_RUNS ?? 30);

type Kind = 'INFO' | 'ERROR' | 'elsewhere';

const swapCase = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
const messagesOf = (documents: readonly LogDocument[]) => documents.map(({ message }) => message);

describe('a resume', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  for (const how of ['Last-Event-ID', 'last_event_id=']) {
    it(`resumes by ${how} exactly from each of several logs of one millisecond`, async () => {
      const { url, store } = await service();
      const all = logs(9);
      await store.append(all);
      for (let seq = 0; seq <= 8; seq++) {
        const id = (await idsOf(store)).encode(seq);
        const stream = await (how === 'Last-Event-ID'
          ? openStream(`${url}${logsPath}/stream`, { lastEventId: id })
          : openStream(`${url}${logsPath}/stream?last_event_id=${id}`));
        await stream.untilMessage('m8');
        expect(stream.messages, id).to.deep.equal(messagesOf(all).slice(seq));
        stream.leave();
      }
    });
  }

  it('a resume at the newest log sends neither a log nor another id', async () => {
    const { url, store } = await service();
    await store.append(logs(3));
    const ids = await idsOf(store);
    const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId: ids.encode(3) });
    await store.append([log('next')]);
    await stream.untilMessage('next');
    expect(numbered(stream.text, ids).startsWith('retry: 5000\nid: 4\ndata: ')).to.equal(true);
  });

  it('prefers Last-Event-ID to last_event_id, because EventSource repeats its first URL', async () => {
    const { url, store } = await service();
    await store.append(logs(3));
    const ids = await idsOf(store);
    const path = `${url}${logsPath}/stream?last_event_id=${ids.encode(0)}`;
    const stream = await openStream(path, { lastEventId: ids.encode(2) });
    await stream.untilMessage('m2');
    expect(stream.messages).to.deep.equal(['m2']);
  });

  it('resumes exactly a browser that was cut before its first event', async () => {
    const { url, store } = await service();
    await store.append(logs(3, 'old'));
    const first = await openStream(`${url}${logsPath}/stream`);
    await first.until((text) => text.endsWith('\n\n'));
    first.leave();
    await store.append([log('missed')]);
    const second = await openStream(`${url}${logsPath}/stream`, { lastEventId: first.lastId });
    await second.untilMessage('missed');
    expect(second.messages).to.deep.equal(['missed']);
  });

  it('moves the id of a filtered stream past the logs that the filter excludes', async () => {
    const { url, store } = await service();
    await store.append([log('hit', { logLevel: 'ERROR' }), ...logs(200)]);
    const ids = await idsOf(store);
    const path = `${url}${logsPath}/stream?log_level=error`;
    const stream = await openStream(path, { lastEventId: ids.encode(0) });
    await stream.until((text) => numbered(text, ids).endsWith('id: 201\n\n'));
    expect(stream.messages).to.deep.equal(['hit']);
    await store.append([log('next', { logLevel: 'ERROR' })]);
    const resumed = await openStream(`${url}${logsPath}/stream?log_level=error`, { lastEventId: stream.lastId });
    await resumed.untilMessage('next');
    expect(resumed.messages).to.deep.equal(['next']);
  });

  for (const [name, make] of [
    ['of another epoch', () => eventIds('another', { workspaceID: 'ws', workflowID: 'wf' }).encode(2)],
    ['of another workflow', (_own, epoch) => eventIds(epoch, { workspaceID: 'ws', workflowID: 'other' }).encode(2)],
    ['of the whole store', (_own, epoch) => eventIds(epoch, {}).encode(2)],
    ['that is none', () => 'hello'],
    ['that is only a number', () => '2'],
    ['that is a cursor', (own) => own.encode(2, 'desc')],
    ['in another case', (own) => swapCase(own.encode(2))],
    ['with a character more', (own) => `${own.encode(2)}A`],
    ['sent twice', (own) => `${own.encode(1)}, ${own.encode(2)}`],
    ['of eight KiB', () => 'x'.repeat(8192)],
    ['outside ASCII', () => 'é-2'],
  ] as [name: string, make: (own: EventIds, epoch: string) => string][]) {
    it(`sends a gap event and all stored logs for an id ${name} [R31]`, async () => {
      const { url, store } = await service();
      await store.append(logs(3));
      const lastEventId = make(await idsOf(store), await epochOf(store));
      const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId });
      await stream.untilMessage('m2');
      expect(stream.messages).to.deep.equal(['m0', 'm1', 'm2']);
      const first = 'retry: 5000\nevent: sse-proxy:gap\ndata: {"reason":"unknown-id"}\n\nid: ';
      expect(stream.text.slice(0, first.length)).to.equal(first);
    });
  }

  it('sends a gap event and only new logs for an id above the newest log, which a restored backup does not hold [R31]', async () => {
    const { url, store } = await service();
    await store.append(logs(3));
    const lastEventId = (await idsOf(store)).encode(4);
    const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId });
    await stream.until((text) => text.includes('{"reason":"unknown-id"}'));
    await store.append([log('new')]);
    await stream.untilMessage('new');
    expect(stream.messages).to.deep.equal(['new']);
  });

  it('sends an id of this store for an unknown id if there is nothing to replay', async () => {
    const { url, store } = await service();
    const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId: 'gone-7' });
    const ids = await idsOf(store);
    await stream.until((text) => numbered(text, ids).endsWith('id: 0\n\n'));
  });

  it('sends a gap event to a resume whose logs were trimmed', async () => {
    const { url, store } = await service({ store: new SqliteLogStore({ path: ':memory:', maxLogs: 3 }) });
    const ids = await idsOf(store);
    await store.append(logs(10));
    for (const [seq, gap] of [
      [0, true],
      [5, true],
      [6, true],
      [7, false],
    ] as const) {
      const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId: ids.encode(seq) });
      await stream.untilMessage('m9');
      expect(stream.messages).to.deep.equal(['m7', 'm8', 'm9']);
      const start = 'retry: 5000\nevent: sse-proxy:gap\ndata: {"reason":"trimmed"}\n\nid: ';
      expect(stream.text.startsWith(start), `${seq}`).to.equal(gap);
    }
  });

  it('sends a gap event to a live reader that trimming overtakes', async () => {
    const { url, store, router } = await service({ store: new SqliteLogStore({ path: ':memory:', maxLogs: 3 }) });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await eventually(() => router.stats().atTip === 1);
    await store.append(logs(10));
    await stream.untilMessage('m9');
    expect(stream.messages).to.deep.equal(['m7', 'm8', 'm9']);
    expect(stream.text).to.include('\n\nevent: sse-proxy:gap\ndata: {"reason":"trimmed"}\n\nid: ');
  });

  it('cuts streams when the store fails, and the next stream resumes exactly', async () => {
    const errors: Error[] = [];
    const store = new FailingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store, onError: (error) => errors.push(error) });
    const first = await openStream(`${url}${logsPath}/stream`);
    await store.append([log('one')]);
    await first.untilMessage('one');
    store.failing = new Error('down');
    await store.append([log('two')]);
    expect(await first.untilEnd()).to.equal('cut');
    expect(errors).to.deep.equal([store.failing]);
    store.failing = undefined;
    const second = await openStream(`${url}${logsPath}/stream`, { lastEventId: first.lastId });
    await second.untilMessage('two');
    expect([...first.messages, ...second.messages]).to.deep.equal(['one', 'two']);
    expect(router.stats().streams).to.equal(1);
  });

  it('discards a read of the tail whose readers have left meanwhile', async () => {
    const store = new GatedStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store });
    const a = await openStream(`${url}${logsPath}/stream`);
    await eventually(() => router.stats().atTip === 1);
    store.gated = true;
    const b = await openStream(`${url}${logsPath}/stream`);
    await eventually(() => store.held.length === 1);
    // b's read of the empty store is held back. Meanwhile the tail reads m0 and m1 for a, and then m2.
    await store.append(logs(2));
    await eventually(() => store.held.length === 2);
    store.held[1]?.release();
    await a.untilMessage('m1');
    await store.append([log('m2')]);
    await eventually(() => store.held.length === 3);
    a.leave();
    await eventually(() => router.stats().streams === 1);
    store.held[0]?.release();
    await eventually(() => router.stats().atTip === 1);
    store.gated = false;
    store.held[2]?.release();
    await b.untilMessage('m2');
    expect(b.messages).to.deep.equal(['m0', 'm1', 'm2']);
  });

  // A schedule of appends, turns of the event loop and cuts, for all readers.
  const steps = fc.array(
    fc.record({
      append: fc.array(fc.constantFrom<Kind[]>('INFO', 'ERROR', 'elsewhere'), { maxLength: 30 }),
      turns: fc.nat({ max: 6 }),
      cut: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  const readers = [
    { path: `${logsPath}/stream`, holds: ({ meta }: LogDocument) => meta.workflowID === 'wf' },
    {
      path: `${logsPath}/stream?log_level=error&search=r`,
      holds: ({ meta, logLevel }: LogDocument) => meta.workflowID === 'wf' && logLevel === 'ERROR',
    },
    { path: '/logs/stream', holds: () => true },
  ];

  async function follow(
    store: LogStore,
    schedule: readonly { append: readonly Kind[]; turns: number; cut: readonly boolean[] }[],
  ) {
    const { url } = await service({ store });
    const made: LogDocument[] = [];
    const append = async (kinds: readonly Kind[]) => {
      const documents = kinds.map((kind, i) => {
        const scope: Partial<LogInput> = kind === 'elsewhere' ? { workflowID: 'other' } : { logLevel: kind };
        return log(`r${made.length + i}`, scope);
      });
      made.push(...documents);
      await store.append(documents);
    };
    const following: { stream: TestStream; seen: string[]; id: string | undefined }[] = [];
    for (const { path } of readers) {
      const stream = await openStream(url + path);
      await stream.until((text) => text.includes('id: '));
      following.push({ stream, seen: [], id: undefined });
    }
    const leave = (reader: (typeof following)[number]) => {
      reader.seen.push(...reader.stream.messages);
      reader.id = reader.stream.lastId ?? reader.id;
      reader.stream.leave();
    };
    for (const { append: kinds, turns, cut } of schedule) {
      await append(kinds);
      for (let i = 0; i < turns; i++) await nextTurn();
      await Promise.all(
        following.map(async (reader, i) => {
          if (!cut[i]) return;
          leave(reader);
          reader.stream = await openStream(url + readers[i]?.path, { lastEventId: reader.id });
        }),
      );
    }
    await append(['ERROR']);
    for (const [i, reader] of following.entries()) {
      await reader.stream.untilMessage(`r${made.length - 1}`);
      leave(reader);
      expect(reader.seen).to.deep.equal(messagesOf(made.filter((document) => readers[i]?.holds(document))));
    }
    await stopServices();
  }

  it('loses and duplicates no log wherever streams are cut while logs are appended (property)', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (schedule) => follow(new SqliteLogStore({ path: ':memory:' }), schedule)),
      { numRuns: runs },
    );
  });

  it('loses and duplicates no log over a slow store with small batches (property)', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 7 }), (schedule, delays) =>
        follow(new SlowStore(new SqliteLogStore({ path: ':memory:' }), delays), schedule),
      ),
      { numRuns: runs },
    );
  });
});
