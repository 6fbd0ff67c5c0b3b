import { expect } from 'chai';
import { OwnEntries } from '../src/feed/relay/own-entries.ts';

const entry = (bytes: number) => ({ meta: '', data: Buffer.alloc(bytes) });
const most = 4_194_304;

describe('entries that a leader has appended and its own feed has not received', () => {
  it('the entries that a leader’s feed has not received are those behind the one that it received last', () => {
    const own = new OwnEntries('p0');
    for (const position of ['p1', 'p2', 'p3']) own.add(position, entry(1));
    own.remove('p1');
    expect(own.after('p1')?.map(({ position }) => position)).to.deep.equal(['p2', 'p3']);
    expect(own.after('p0')).to.equal(undefined);
  });

  it('entries beyond 4 MiB that a leader’s feed has not received are dropped, and none are known until they have arrived', () => {
    const own = new OwnEntries('p0');
    own.add('p1', entry(most / 2));
    own.add('p2', entry(most / 2));
    own.add('p3', entry(1));
    own.remove('p1');
    expect(own.after('p1')).to.equal(undefined);
    own.remove('p2');
    expect(own.after('p2')?.map(({ position }) => position)).to.deep.equal(['p3']);
  });
});
