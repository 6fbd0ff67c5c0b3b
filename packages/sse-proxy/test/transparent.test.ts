import { expect } from 'chai';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const soup = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n') },
      { weight: 6, arbitrary: fc.constantFrom('data', 'id', 'retry', 'event', ':', ': ', ' ', 'x', '7') },
      { weight: 3, arbitrary: fc.constantFrom('data: a\n\n', 'id: 1\ndata\n\n', 'event: e\ndata: b\r\n\r\n', ': c\n') },
      { weight: 2, arbitrary: fc.constantFrom('\xef\xbb\xbf', '\xff', '\xe2\x82', '\0', '\xc3\xa9') },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
    ),
    { maxLength: 50 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));
const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 6 });

/** The events that a browser reads in a body. A first U+FEFF is the byte order mark. */
function parse(body: Buffer): unknown[] {
  const seen: unknown[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => seen.push({ id, event, data }),
    onRetry: (retry) => seen.push({ retry }),
    onComment: () => {},
    onError: () => {},
  });
  parser.feed(new TextDecoder('utf-8').decode(body));
  return seen;
}

describe('a proxy without resume and transform', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  for (const retryMs of [false, 2_000] as const) {
    it(`delivers the events that the upstream's bytes hold, for any bytes (retryMs ${retryMs}) [R22]`, async () => {
      let body = Buffer.alloc(0);
      let places: number[] = [];
      const up = await upstream((request) => {
        request.begin();
        const ends = [...places.map((at) => at % (body.length + 1)).toSorted((a, b) => a - b), body.length];
        let start = 0;
        for (const end of ends) {
          if (end > start) request.send(body.subarray(start, end));
          start = end;
        }
        request.end();
      });
      const proxied = await app({ target: up.url, resume: false, retryMs });
      const property = fc.asyncProperty(soup, cuts, async (bytes, at) => {
        [body, places] = [bytes, at];
        const browser = visit(proxied.port);
        await until(() => browser.complete() || browser.closed());
        expect(browser.complete(), 'ended as the upstream did').to.equal(true);
        browser.leave();
        const own = retryMs === false ? [] : [{ retry: retryMs }];
        expect(parse(Buffer.from(browser.body(), 'latin1'))).to.deep.equal([...own, ...parse(bytes)]);
      });
      await fc.assert(property, { numRuns: 150 });
    });
  }
});
