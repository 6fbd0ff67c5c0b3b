import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';

export const bom = '\xef\xbb\xbf';

const eol = fc.constantFrom('\n', '\r', '\r\n');
const odd = fc.constantFrom(bom, '\xef', '\xef\xbb', '\xbb\xbf', '\xff', '\xc3', '\xe2\x82', '\xa9', '\0');
const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => Buffer.from(array).toString('latin1'));

/** Lines that form events more often than random bytes would. */
const line = fc
  .tuple(
    fc.constantFrom('data', 'data', 'data', 'id', 'id', 'event', 'retry', '', 'dat', 'i', 'datax', 'idx', 'retryx'),
    fc.constantFrom(':', ': ', ': ', '', ':  ', '::', ' :', '\t'),
    fc.oneof(fc.constantFrom('', '', '0', '17', '1e3', '-1', 'x', 'hello', 'data: a', ':'), odd, bytes),
    eol,
    fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary: eol }),
  )
  .map((parts) => parts.join(''));

/** Pieces that are cut anywhere. */
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\n\r', ':', ': ', ' ') },
  { weight: 3, arbitrary: fc.constantFrom('data', 'id', 'retry', 'event', 'dat', 'i', 'datax', '25', 'x') },
  { weight: 1, arbitrary: odd },
  { weight: 1, arbitrary: bytes },
);

/** Byte soups that look like streams. */
export const soup = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      fc.array(line, { maxLength: 30, size: 'max' }),
      fc.array(piece, { maxLength: 60, size: 'max' }),
      fc.array(fc.oneof(line, piece), { maxLength: 30, size: 'max' }),
    ),
  )
  .map(([withBom, parts]) => Buffer.from((withBom ? bom : '') + parts.join(''), 'latin1'));

/** Cuts anywhere, also twice at the same place: that makes an empty chunk. */
export function cut(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

/** Where to cut. */
export const cuts = fc.array(fc.nat({ max: 10_000 }), { maxLength: 40, size: 'max' });

/** The events that a browser reads. A browser decodes the bytes first: NUL survives that, invalid UTF-8 does not. */
export function browserReads(bytes: Buffer) {
  const seen = { events: [] as EventSourceMessage[], id: '', retry: undefined as number | undefined };
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
