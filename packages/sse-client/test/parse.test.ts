import { expect } from 'chai';
import { onEvents } from '../src/events.ts';
import { createEventStream } from '../src/index.ts';
import { parseWith } from '../src/parse.ts';
import { localPersistence } from '../src/persist.ts';
import type { EventEntry, EventStream, ParseRules, StandardSchema } from '../src/types.ts';
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

  it('parse gives every event the value that a function makes of its data, once, before it is delivered', async () => {
    const calls: unknown[] = [];
    const at = await scene();
    const stream = at.make({
      parse: parseWith((data, { id, event }) => {
        calls.push([id, event]);
        return Number(data);
      }),
    });
    const values: unknown[] = [];
    onEvents(stream, (batch) => values.push(...batch.map(({ value }) => value)));
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

  it('parse applies a Standard Schema to the JSON of the data; an event that it rejects is an entry with an error', async () => {
    const at = await scene();
    at.make({ parse: parseWith(logSchema) }).connect();
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

  it('parse uses one parser for each event type, and rejects events of other types, also those named like a member of every object', async () => {
    const at = await scene();
    // As ArkType's schemas are.
    const callable = Object.assign(() => 'called', logSchema);
    at.make({ parse: parseWith({ message: logSchema, count: Number, callable }) }).connect();
    (await at.server.next()).open(
      [
        'data: {"level":"a"}',
        'event: callable\ndata: {"level":"b"}',
        'event: count\ndata: 7',
        'event: other\ndata: 1',
        'event: toString\ndata: 1',
        '',
      ].join('\n\n'),
    );
    await at.received(5);
    const values = [{ level: 'A' }, { level: 'B' }, 7, 'UNKNOWN_EVENT', 'UNKNOWN_EVENT'];
    expect(shown(at.now.entries)).to.deep.equal(values);
  });

  it('parse refuses an asynchronous schema or function with ASYNC_PARSE, and handles its rejection', async () => {
    const at = await scene();
    const late = async () => Promise.reject(new Error('late'));
    for (const rules of [late, { message: late }, asyncSchema]) {
      at.make({ parse: parseWith(rules as ParseRules) }).connect();
      (await at.server.next()).open('data: {}\n\n');
      await at.received(1);
      expect(at.events[0]!.error).to.deep.equal({
        code: 'ASYNC_PARSE',
        message: 'The option parse returned a promise; it has to be synchronous',
      });
    }
  });

  it('parse parses restored events again, and persists their data only', async () => {
    const storage = new MemoryStorage();
    const persist = localPersistence({ scope: 'a', storage });
    const at = await scene();
    at.make({ persist, parse: parseWith((data) => `secret ${data}`) }).seed([{ id: '1', data: 'x' }]);
    at.stream.close();
    expect(storage.getItem(storage.key(0)!)).to.not.include('secret');
    at.make({ persist, parse: parseWith((data) => `again ${data}`) });
    expect(shown(at.now.entries)).to.deep.equal(['again x']);
  });

  it('parse recognises repeats by the data, and applies a parse of setOptions() to later events', async () => {
    const at = await scene();
    at.make({ parse: parseWith(() => 'same') }).connect();
    (await at.server.next()).open('id: 1\ndata: a\n\nid: 2\ndata: b\n\n').end();
    await at.until('waiting');
    at.stream.setOptions({ parse: parseWith(() => 'other') });
    at.retry();
    (await at.server.next()).open('id: 2\ndata: b\n\nid: 3\ndata: c\n\n');
    await at.received(4);
    expect(shown(at.now.entries)).to.deep.equal(['same', 'same', 'other']);
  });

  it('parse types the values of a stream by event type', () => {
    const mapped = createEventStream('/', { parse: parseWith({ log: logSchema, count: (data) => Number(data) }) });
    const named: EventStream<{ log: Log; count: number }> = mapped;
    const uniform: EventStream<Record<string, Log>> = createEventStream('/', { parse: parseWith(logSchema) });
    const numbers: EventStream<Record<string, number>> = createEventStream('/', {
      parse: parseWith((data) => Number(data)),
    });
    const plain: EventStream = createEventStream('/', { maxEntries: 5 });
    const [entry] = named.getSnapshot().entries;
    // Checked by the compiler; there are no entries.
    if (entry?.kind === 'event' && !entry.error) {
      if (entry.event === 'log') entry.value.level satisfies string;
      else entry.value satisfies number;
    }
    for (const { value, error } of uniform.getSnapshot().entries.slice() as EventEntry<Record<string, Log>>[])
      if (!error) value.level satisfies string;
    expect([named, uniform, numbers, plain].map((stream) => stream.getSnapshot().entries.length)).to.deep.equal([
      0, 0, 0, 0,
    ]);
  });
});
