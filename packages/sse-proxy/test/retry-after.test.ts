import { expect } from 'chai';
import { classifyResponse } from '../src/upstream/classify-response.ts';

/** What the proxy reads from these Retry-After fields of a 503, in milliseconds. */
const read = (value: string | string[]) =>
  classifyResponse(503, { 'retry-after': value as string }, { origin: 'http://upstream', path: '/' })?.retryAfterMs;

describe('Retry-After of the upstream', () => {
  it('Retry-After is read as seconds or as a date, and ignored in any other form [row 12]', () => {
    expect(read('120')).to.equal(120_000);
    expect(read('0')).to.equal(0);
    expect(read(new Date(Date.now() + 60_000).toUTCString())).to.be.within(55_000, 60_000);
    expect(read('Sun, 06 Nov 1994 08:49:37 GMT')).to.equal(0);
    for (const odd of ['', '-1', '1.5', '5,10', '1e3', '2099-01-01', 'soon', 'Mon', '\u00a05']) {
      expect(read(odd), odd).to.equal(undefined);
    }
  });

  it('Retry-After counts with its longest valid value if it is repeated', () => {
    expect(read(['5', 'soon', '20'])).to.equal(20_000);
    expect(read(['soon', 'later'])).to.equal(undefined);
  });
});
