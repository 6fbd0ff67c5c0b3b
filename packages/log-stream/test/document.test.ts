import { expect } from 'chai';
import {
  createLogDocument,
  formatDuration,
  type LogDocument,
  type LogInput,
  LogStreamError,
  SqliteLogStore,
} from '../src/index.ts';

const logInput: LogInput = {
  message: 'Loaded 1,204 rows',
  stageName: 'ETL_PROCESSING',
  description: 'All partitions',
  durationMs: 135_000,
  timestamp: 1758531240000,
  pipelineID: '7d0b4f62-6f0e-4c5e-9d53-0a4f8a1f3c11',
  execID: '4021',
  workspaceID: 'ws',
  workflowID: 'wf',
};

describe('createLogDocument', () => {
  it('createLogDocument creates the exact shape with its fields in order', () => {
    expect(JSON.stringify(createLogDocument(logInput))).to.equal(
      '{"logLevel":"INFO","logType":"APPLICATION","message":"Loaded 1,204 rows","stageName":"ETL_PROCESSING",' +
        '"duration":"2m 15s","description":"All partitions","time":"Sep 22 2025 at 08:54 AM",' +
        '"isoTime":"2025-09-22T08:54:00.000Z","meta":{"timestamp":1758531240000,' +
        '"pipelineID":"7d0b4f62-6f0e-4c5e-9d53-0a4f8a1f3c11","execID":"4021","workspaceID":"ws","workflowID":"wf",' +
        '"pipelineType":"L3L5ETL"}}',
    );
  });

  it('createLogDocument fills in the defaults and the current time', () => {
    const before = Date.now();
    const { description: _description, durationMs: _durationMs, timestamp: _timestamp, ...input } = logInput;
    const log = createLogDocument(input);
    expect(log.meta.timestamp).to.be.within(before, Date.now());
    expect(log).to.include({ description: '', duration: '', logLevel: 'INFO', logType: 'APPLICATION' });
  });

  for (const [iso, time] of [
    ['2025-01-05T00:00:00.000Z', 'Jan 05 2025 at 12:00 AM'],
    ['2025-02-28T11:59:59.999Z', 'Feb 28 2025 at 11:59 AM'],
    ['2024-02-29T12:00:00.000Z', 'Feb 29 2024 at 12:00 PM'],
    ['2025-12-31T23:59:00.000Z', 'Dec 31 2025 at 11:59 PM'],
  ] as const) {
    it(`createLogDocument formats ${iso} as ${time} in every time zone`, () => {
      const log = createLogDocument({ ...logInput, timestamp: Date.parse(iso) });
      expect(log).to.include({ time, isoTime: iso });
    });
  }

  for (const [field, value, message] of [
    ['message', undefined, 'message: expected a string, got undefined'],
    ['stageName', 5, 'stageName: expected a string, got number'],
    ['workflowID', null, 'workflowID: expected a string, got object'],
    ['logLevel', 'FATAL', 'logLevel: expected DEBUG, INFO, WARN, ERROR, got string'],
    ['timestamp', 1.5, 'timestamp: expected whole milliseconds since 1970, got 1.5'],
    ['timestamp', Number.NaN, 'timestamp: expected whole milliseconds since 1970, got NaN'],
    ['timestamp', 9e15, 'timestamp: expected whole milliseconds since 1970, got 9000000000000000'],
    ['durationMs', -1, 'durationMs: expected 0 or more milliseconds, got -1'],
  ] as const) {
    it(`createLogDocument rejects ${field}: ${String(value)}`, () => {
      expect(() => createLogDocument({ ...logInput, [field]: value } as LogInput)).to.throw(message);
    });
  }
});

describe('formatDuration', () => {
  for (const [ms, text] of [
    [0, '0ms'],
    [420, '420ms'],
    [999.9, '999ms'],
    [1_000, '1s'],
    [3_250, '3.2s'],
    [59_999, '59.9s'],
    [60_000, '1m 0s'],
    [135_000, '2m 15s'],
    [3_599_999, '59m 59s'],
    [3_600_000, '1h 0m'],
    [93_784_000, '26h 3m'],
  ] as const) {
    it(`formatDuration returns ${text} for ${ms} ms`, () => expect(formatDuration(ms)).to.equal(text));
  }

  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`formatDuration rejects ${ms}`, () => expect(() => formatDuration(ms)).to.throw(LogStreamError, `got ${ms}`));
  }
});

describe('append of SqliteLogStore', () => {
  const good = createLogDocument(logInput);
  for (const [name, bad, message] of [
    ['no object', 'text', 'log: expected an object, got string'],
    ['a field too many', { ...good, extra: 1 }, 'isoTime, meta, got "extra"'],
    ['a field too few', { ...good, time: undefined }, 'time: expected a string, got undefined'],
    ['no meta', { ...good, meta: null }, 'meta: expected an object, got object'],
    ['a foreign meta field', { ...good, meta: { ...good.meta, x: 1 } }, 'pipelineType, got "x"'],
    ['a timestamp as text', { ...good, meta: { ...good.meta, timestamp: '1' } }, 'timestamp: expected whole'],
  ] as const) {
    it(`append rejects a log with ${name}, and stores none of the same call`, async () => {
      const store = new SqliteLogStore({ path: ':memory:' });
      const error = await store.append([good, bad as unknown as LogDocument]).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(LogStreamError).with.property('message').that.includes(message);
      expect((await store.bounds()).lastSeq).to.equal(0);
      await store.close();
    });
  }
});
