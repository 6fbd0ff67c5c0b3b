import { expect } from 'chai';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { type Frames, framing } from './support/frames.ts';

const bom = '\xef\xbb\xbf';

/** Byte strings that look like streams more often than chance would have it. */
const soup = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\n\r\n', '\r\r', '\n\r') },
      { weight: 6, arbitrary: fc.constantFrom('data', 'id', 'retry', 'event', 'dat', 'i', 'datax', 'idx', 'retryx') },
      { weight: 5, arbitrary: fc.constantFrom(':', ': ', ' ', ':  ', '::', '\t') },
      { weight: 3, arbitrary: fc.constantFrom('data: a', 'data: b\n\n', 'id: 1', 'id: 2\n\n', 'id\n\n', 'retry: 25') },
      { weight: 3, arbitrary: fc.constantFrom('0', '17', '1e3', '-1', 'x', 'hello', '\0', 'id: 3\0\n\n') },
      {
        weight: 2,
        arbitrary: fc.constantFrom(bom, '\xef', '\xef\xbb', '\xbb\xbf', '\xff', '\xc3', '\xe2\x82', '\xa9'),
      },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
    ),
    { maxLength: 60 },
  )
  .chain((parts) => fc.boolean().map((withBom) => (withBom ? bom : '') + parts.join('')))
  .map((bytes) => Buffer.from(bytes, 'latin1'));

/** Cuts anywhere, also twice at the same place: that makes an empty chunk. */
function cut(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

const cuts = fc.array(fc.nat({ max: 10_000 }), { maxLength: 40 });

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
  lastEventId: kept.framer.lastEventId,
  retryMs: kept.framer.retryMs,
  showsLife: kept.framer.showsLife,
  heldBytes: kept.framer.heldBytes,
});

/** What a browser makes of it. A browser decodes first; NUL survives that, invalid UTF-8 does not. */
function browserReads(bytes: Buffer) {
  const seen = { events: [] as unknown[], id: '', retry: undefined as number | undefined };
  const parser = createParser({
    onEvent: (event) => seen.events.push(event),
    onId: (id) => {
      seen.id = id;
    },
    onRetry: (retry) => {
      seen.retry = retry;
    },
  });
  parser.feed(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  return seen;
}

// A stream of ours starts with `retry:`, so that nothing of the upstream's is at its start.
const asSent = (kept: Frames) => Buffer.from(`\n${kept.bytes()}`, 'latin1');
const utf8 = (byteString: string) => Buffer.from(byteString, 'latin1').toString('utf8');

describe('framing: properties', () => {
  const runs = { numRuns: 2_000 };

  it('rule 12: any chunking of the same bytes gives the same bytes, events, id, retry and remainder', () => {
    fc.assert(
      fc.property(soup, cuts, (bytes, places) => {
        expect(state(frame(cut(bytes, places)))).to.deep.equal(state(frame([bytes])));
      }),
      runs,
    );
  });

  it('rule 12: single bytes, and single bytes with empty chunks between, give the same too', () => {
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

  it('rule 14: what comes out is the input without its BOM, up to the last whole frame; the rest is held', () => {
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

  it('rule 14: a browser reads the same events and id from what comes out as from the input itself', () => {
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

  it('rules 15, 18: id and retry are what a browser holds after the last whole event', () => {
    fc.assert(
      fc.property(soup, cuts, (bytes, places) => {
        const kept = frame(cut(bytes, places));
        const proxied = browserReads(asSent(kept));
        expect(utf8(kept.framer.lastEventId)).to.equal(proxied.id);
        expect(kept.framer.retryMs).to.equal(proxied.retry);
      }),
      runs,
    );
  });

  it('rule 14: a browser that is cut anywhere between two frames has only seen whole events of the input', () => {
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

  it('rule 13: a connection cut anywhere and followed by another gives the whole events of both, never fused', () => {
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
