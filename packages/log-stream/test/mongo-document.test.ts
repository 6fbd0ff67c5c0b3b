import { expect } from 'chai';
import { Decimal128, Double, ObjectId } from 'mongodb';
import { mapDocument, type RawDocument, storedLevels } from '../src/stores/mongo/document.ts';
import { log } from './support/service.ts';

const idTime = Date.UTC(2025, 8, 22, 8, 54);
const expected = log('done', { timestamp: idTime });
const { time, ...rest } = expected;
const written: RawDocument = { _id: new ObjectId(), _cls: 'etl.models.Log', ...rest, time: new Date(idTime) };

/** The document with some fields replaced; `undefined` removes one. */
function changed(fields: Record<string, unknown>, meta: Record<string, unknown> = {}): RawDocument {
  const all = { ...written, ...fields, meta: { ...(written.meta as object), ...meta } };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

describe('documents of MongoDB', () => {
  it('documents of MongoDB as PyMODM writes them have the exact shape of a log, with `time` as text and without _id and _cls', () => {
    const { log: mapped, isMapped } = mapDocument(written, 0);
    expect(isMapped).to.equal(true);
    expect(JSON.stringify(mapped)).to.equal(JSON.stringify(expected));
  });

  for (const [what, raw, difference] of [
    ['without empty fields, which PyMODM leaves out', changed({ description: undefined, duration: undefined }), {}],
    ['with null in place of a text', changed({ description: null, duration: null }), {}],
    ['without a level', changed({ logLevel: undefined }), {}],
    ['with a level in lower case', changed({ logLevel: 'info' }), {}],
    ['with the level WARNING of Python', changed({ logLevel: 'WARNING' }), { logLevel: 'WARN' }],
    ['with the level CRITICAL of Python', changed({ logLevel: 'critical' }), { logLevel: 'ERROR' }],
    ['with a number as duration', changed({ duration: 12.5 }), { duration: '12.5' }],
    ['with text as time', changed({ time: 'yesterday' }), { time: 'yesterday' }],
    ['without times', changed({ time: undefined, isoTime: undefined }), {}],
    ['with a Date as isoTime', changed({ isoTime: new Date(idTime) }), {}],
    ['with an unknown field', changed({ extra: { $where: '1' } }), {}],
  ] as const) {
    it(`documents of MongoDB ${what} have the shape of a log`, () => {
      const { log: mapped, isMapped } = mapDocument(raw, idTime);
      expect(isMapped).to.equal(true);
      expect(mapped).to.deep.equal({ ...expected, ...difference });
    });
  }

  for (const [what, meta, timestamp] of [
    ['a Date', { timestamp: new Date(idTime + 5) }, idTime + 5],
    ['a fraction of a millisecond', { timestamp: idTime + 5.75 }, idTime + 5],
    ['null', { timestamp: null }, idTime],
  ] as const) {
    it(`documents of MongoDB with ${what} as timestamp have whole milliseconds`, () => {
      expect(mapDocument(changed({}, meta), 0).log.meta.timestamp).to.equal(timestamp);
    });
  }

  it('documents of MongoDB without any time have the time of their ObjectId', () => {
    const raw = changed({ time: undefined, isoTime: undefined }, { timestamp: null });
    expect(mapDocument(raw, idTime).log).to.deep.equal(expected);
  });

  it('documents of MongoDB with a number as execID have it as text', () => {
    expect(mapDocument(changed({}, { execID: 4021 }), 0).log.meta.execID).to.equal('4021');
  });

  for (const [what, raw] of [
    ['without meta', { ...written, meta: undefined }],
    ['with text as meta', { ...written, meta: 'x' }],
    ['with an array as meta', { ...written, meta: [1] }],
    ['with an unknown level', changed({ logLevel: 'LOUD' })],
    ['with a number as level', changed({ logLevel: 20 })],
    ['with a number as message', changed({ message: 7 })],
    ['with an object as message', changed({ message: { text: 'x' } })],
    ['with an array as stageName', changed({ stageName: ['x'] })],
    ['with an invalid Date as time', changed({ time: new Date(Number.NaN) })],
    ['with a Decimal128 as timestamp', changed({}, { timestamp: Decimal128.fromString('1') })],
    ['with infinity as timestamp', changed({}, { timestamp: Number.POSITIVE_INFINITY })],
    ['with a number as workspaceID', changed({}, { workspaceID: 5 })],
    ['with a Double as duration', changed({ duration: new Double(1) })],
    ['that are empty', {}],
  ] as [string, RawDocument][]) {
    it(`documents of MongoDB ${what} are sent as they are`, () => {
      const { log: mapped, isMapped } = mapDocument(raw, idTime);
      const { _id, _cls, ...asItIs } = raw;
      expect(isMapped).to.equal(false);
      expect(mapped).to.deep.equal(asItIs);
      expect(() => JSON.stringify(mapped)).not.to.throw();
    });
  }

  it('a level selects documents of MongoDB with every spelling that is mapped to it', () => {
    expect(storedLevels(['WARN'])).to.include.members(['WARN', 'WARNING', 'warn', 'warning', 'Warn']);
    expect(storedLevels(['ERROR', 'INFO'])).to.include.members(['CRITICAL', 'fatal', 'info', null]);
    for (const level of ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const) {
      for (const logLevel of storedLevels([level])) {
        expect(mapDocument(changed({ logLevel }), idTime).log.logLevel).to.equal(level);
      }
    }
  });
});
