import { expect } from 'chai';
import { createEventStream } from '../src/index.ts';
import { localPersistence } from '../src/persist.ts';
import type { EventEntry, EventStream, StandardSchema } from '../src/types.ts';
import { stage } from './support/scene.ts';
import { MemoryStorage } from './support/storage.ts';

interface Log {
  level: string;
}

/** A Standard Schema as libraries make them, for objects with a level. */
const logSchema: StandardSchema<Log> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as Log | null)?.level === 'string'
        ? { value: { level: (value as Log).level.toUpperCase() } }
        : { issues: [{ message: 'level is missing' }] },
  },
};
const asyncSchema: StandardSchema<Log> = {
  '~standard': { ...logSchema['~standard'], validate: () => Promise.reject(new Error('late')) },
};

describe('the option parse', () => {
  const scene = stage();
  const shown = (entries: Iterable<unknown>) =>
    [...(entries as Iterable<EventEntry>)].map(({ value, error }) => error?.code ?? value);

  it('gives every event the value that a function makes of its data, once, before it is delivered', async () => {
    const calls: unknown[] = [];
    const at = await scene();
    const stream = at.make({
      parse: (data, { id, event }) => {
        calls.push([id, event]);
        return Number(data);
      },
    });
    const values: unknown[] = [];
    stream.onEvents((batch) => values.push(...batch.map(({ value }) => value)));
    stream.seed([{ id: '1', data: '10' }]);
    stream.connect();
    (await at.server.next()).open('id: 2\ndata: 20\n\nevent: x\ndata: 30\n\n');
    await at.received(2);
    expect(values).to.deep.equal([20, 30]);
    expect(shown(at.now.entries)).to.deep.equal([10, 20, 30]);
    expect(calls).to.deep.equal([
      ['1', 'message'],
      ['2', 'message'],
      ['', 'x'],
    ]);
  });

  it('uses a Standard Schema on the JSON of the data; what it rejects is an entry with an error', async () => {
    const at = await scene();
    at.make({ parse: logSchema }).connect();
    (await at.server.next()).open('data: {"level":"warn"}\n\ndata: {}\n\ndata: {broken\n\ndata: {"level":"info"}\n\n');
    await at.received(4);
    expect(shown(at.now.entries)).to.deep.equal([{ level: 'WARN' }, 'SCHEMA', 'PARSE', { level: 'INFO' }]);
    const [, invalid, broken] = at.events;
    expect(invalid!.error).to.deep.equal({
      code: 'SCHEMA',
      message: 'level is missing',
      cause: [{ message: 'level is missing' }],
    });
    expect(broken!.error!.cause).to.be.instanceOf(SyntaxError);
    expect(broken!.data).to.equal('{broken');
    expect(at.now).to.include({ status: 'connected', lastError: null });
    expect(at.now.counts).to.include({ received: 4, kept: 4 });
  });

  it('uses one parser for each event type, and rejects events of other types, also those named like a member of every object', async () => {
    const at = await scene();
    at.make({ parse: { message: logSchema, count: Number } }).connect();
    (await at.server.next()).open(
      'data: {"level":"a"}\n\nevent: count\ndata: 7\n\nevent: other\ndata: 1\n\nevent: toString\ndata: 1\n\n',
    );
    await at.received(4);
    expect(shown(at.now.entries)).to.deep.equal([{ level: 'A' }, 7, 'UNKNOWN_EVENT', 'UNKNOWN_EVENT']);
  });

  it('refuses an asynchronous schema or function with ASYNC_PARSE, and handles its rejection', async () => {
    const at = await scene();
    at.make({ parse: { schema: asyncSchema, fn: async () => Promise.reject(new Error('late')) } }).connect();
    (await at.server.next()).open('event: schema\ndata: {}\n\nevent: fn\ndata: {}\n\n');
    await at.received(2);
    expect(shown(at.now.entries)).to.deep.equal(['ASYNC_PARSE', 'ASYNC_PARSE']);
    expect(at.events[0]!.error!.message).to.equal('The option parse returned a promise; it has to be synchronous');
  });

  it('parses restored events again, and persists their data only', async () => {
    const storage = new MemoryStorage();
    const persist = localPersistence({ scope: 'a', storage });
    const at = await scene();
    at.make({ persist, parse: (data) => `secret ${data}` }).seed([{ id: '1', data: 'x' }]);
    at.stream.close();
    expect(storage.getItem(storage.key(0)!)).to.not.include('secret');
    at.make({ persist, parse: (data) => `again ${data}` });
    expect(shown(at.now.entries)).to.deep.equal(['again x']);
  });

  it('recognises repeats by the data, and applies a parse of setOptions() to later events', async () => {
    const at = await scene();
    at.make({ parse: () => 'same' }).connect();
    (await at.server.next()).open('id: 1\ndata: a\n\nid: 2\ndata: b\n\n').end();
    await at.until('waiting');
    at.stream.setOptions({ parse: () => 'other' });
    at.retry();
    (await at.server.next()).open('id: 2\ndata: b\n\nid: 3\ndata: c\n\n');
    await at.received(4);
    expect(shown(at.now.entries)).to.deep.equal(['same', 'same', 'other']);
  });

  it('types the values of a stream by event type', () => {
    const mapped = createEventStream('/', { parse: { log: logSchema, count: (data) => Number(data) } });
    const named: EventStream<{ readonly log: Log; readonly count: number }> = mapped;
    const uniform: EventStream<Record<string, Log>> = createEventStream('/', { parse: logSchema });
    const plain: EventStream = createEventStream('/', { maxEntries: 5 });
    const [entry] = named.getSnapshot().entries;
    // Checked by the compiler; there are no entries.
    if (entry?.kind === 'event' && !entry.error) {
      if (entry.event === 'log') entry.value.level satisfies string;
      else entry.value satisfies number;
    }
    for (const { value, error } of uniform.getSnapshot().entries.slice() as EventEntry<Record<string, Log>>[])
      if (!error) value.level satisfies string;
    expect([named, uniform, plain].map((stream) => stream.getSnapshot().entries.length)).to.deep.equal([0, 0, 0]);
  });
});
