import { expect } from 'chai';
import fc from 'fast-check';
import { type Frames, framing } from './support/frames.ts';
import { bom, browserReads, cut, cuts, soup } from './support/soup.ts';

function frame(chunks: Buffer[]): Frames {
  const kept = framing();
  // Each chunk in memory of its own, gone once it was pushed, as a socket's may be.
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    kept.framer.push(lent);
    lent.fill(0x21);
  }
  return kept;
}

const state = (kept: Frames) => ({
  bytes: kept.bytes(),
  events: kept.events,
  lastEventId: kept.lastId,
  retryMs: kept.framer.retryMs,
  showsLife: kept.framer.showsLife,
  heldBytes: kept.framer.heldBytes,
});

// A stream of ours starts with `retry:`, so that nothing of the upstream's is at its start.
const asSent = (kept: Frames) => Buffer.from(`\n${kept.bytes()}`, 'latin1');
const utf8 = (byteString: string) => Buffer.from(byteString, 'latin1').toString('utf8');

describe('framing: properties', () => {
  const runs = { numRuns: 500 };

  it('any chunking of the same bytes gives the same bytes, events, id, retry and remainder [R20]', () => {
    fc.assert(
      fc.property(soup, cuts, (bytes, places) => {
        expect(state(frame(cut(bytes, places)))).to.deep.equal(state(frame([bytes])));
      }),
      runs,
    );
  });

  it('single bytes, also with empty chunks between them, give the same as any other chunking [R20]', () => {
    fc.assert(
      fc.property(soup, (bytes) => {
        const single = [...bytes].map((byte) => Buffer.of(byte));
        const whole = state(frame([bytes]));
        expect(state(frame(single))).to.deep.equal(whole);
        expect(state(frame(single.flatMap((byte) => [byte, Buffer.alloc(0)])))).to.deep.equal(whole);
      }),
      runs,
    );
  });

  it('the framer’s output is its input without the BOM, up to the last whole frame; the rest is held [R22]', () => {
    fc.assert(
      fc.property(soup, cuts, (bytes, places) => {
        const text = bytes.toString('latin1');
        const input = text.startsWith(bom) ? text.slice(3) : text;
        const kept = frame(cut(bytes, places));
        const out = kept.bytes();
        expect(input.slice(0, out.length)).to.equal(out);
        if (input.length > 3) expect(kept.framer.heldBytes).to.equal(input.length - out.length);
        expect(out === '' || out.endsWith('\n') || out.endsWith('\r')).to.equal(true);
      }),
      runs,
    );
  });

  it('a browser reads the same events and id from the framer’s output as from its input [R22]', () => {
    fc.assert(
      fc.property(soup, cuts, (bytes, places) => {
        const kept = frame(cut(bytes, places));
        const direct = browserReads(bytes);
        const proxied = browserReads(asSent(kept));
        expect(proxied.events).to.deep.equal(direct.events);
        expect(proxied.id).to.equal(direct.id);
        expect(kept.events).to.equal(direct.events.length);
      }),
      runs,
    );
  });

  it('id and retry are what a browser holds after the last whole event [R23] [R26]', () => {
    fc.assert(
      fc.property(soup, cuts, (bytes, places) => {
        const kept = frame(cut(bytes, places));
        const proxied = browserReads(asSent(kept));
        expect(utf8(kept.lastId ?? '')).to.equal(proxied.id);
        expect(kept.framer.retryMs).to.equal(proxied.retry);
      }),
      runs,
    );
  });

  it('a browser that is cut anywhere between two frames has only seen whole events of the input [R22]', () => {
    fc.assert(
      fc.property(soup, cuts, (bytes, places) => {
        const all = browserReads(bytes).events;
        const kept = frame(cut(bytes, places));
        let sent = '\n';
        let events = 0;
        for (const part of kept.frames) {
          const isEvent = part.endsWith('!');
          sent += isEvent ? part.slice(0, -1) : part;
          if (isEvent) events++;
          expect(browserReads(Buffer.from(sent, 'latin1')).events).to.deep.equal(all.slice(0, events));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a connection that breaks anywhere and is followed by another yields the whole events of both, never fused [R21] [input 26] [input 27]', () => {
    fc.assert(
      fc.property(soup, cuts, soup, cuts, (first, firstCuts, second, secondCuts) => {
        const kept = frame(cut(first, firstCuts));
        const before = kept.bytes();
        kept.framer.restart();
        for (const chunk of cut(second, secondCuts)) kept.framer.push(chunk);
        const alone = frame([second]);
        expect(kept.bytes()).to.equal(before + alone.bytes());
        expect(kept.framer.heldBytes).to.equal(alone.framer.heldBytes);
        const both = [...browserReads(first).events, ...browserReads(second).events];
        expect(browserReads(asSent(kept)).events).to.deep.equal(both);
      }),
      runs,
    );
  });
});
