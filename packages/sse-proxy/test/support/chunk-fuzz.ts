import fc from 'fast-check';
import { ChunkedDecoder } from '../../src/upstream/fast-body/chunked-decoder.ts';
import { llhttpReads, type Reading } from './llhttp.ts';
import { cut, cuts } from './soup.ts';

/** A case in which our decoder and llhttp disagree, and on what. */
export interface Difference {
  readonly bytes: string;
  readonly llhttp: Reading;
  readonly ours: Reading;
}

/** Differences that are wanted, each with its reason. */
const allowed: Record<string, (difference: Difference) => boolean> = {
  'bytes behind the last chunk: llhttp reports an error, we end the response and close the connection': ({
    llhttp,
    ours,
  }) => ours.outcome === 'complete' && llhttp.outcome === 'error' && llhttp.body === ours.body,
};

const content = fc.constantFrom('a', 'abc', '\r\n', '0\r\n\r\n', 'data: x\n\n', 'x'.repeat(17), '\n');
const digits = fc.constantFrom('', '', '', '0', '000', '0'.repeat(40));
const extension = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('', '', ';a', ';a=b', ';a="x;y\\""', ';a;b=c', ';=b', ';a=b"c"') },
  { weight: 1, arbitrary: fc.constantFrom(' ;a', '; a', ';', ';a="', '\t', ';a="b"c', ';;a') },
);
const oneChunk = fc.tuple(digits, content, extension, fc.boolean()).map(([zeros, bytes, ext, upper]) => {
  const size = bytes.length.toString(16);
  return `${zeros}${upper ? size.toUpperCase() : size}${ext}\r\n${bytes}\r\n`;
});
const trailer = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('', '', 'X-A: b\r\n', 'X:\r\nY:z\r\n', 'X: \xff\t\r\n', 'Connection: close\r\n'),
  },
  { weight: 1, arbitrary: fc.constantFrom('X : y\r\n', 'content-LENGTH: 0\r\n', 'X: a\r\n b\r\n', ':\r\n') },
);
const body = fc
  .tuple(fc.array(oneChunk, { maxLength: 4 }), digits, extension, trailer)
  .map(([chunks, zeros, ext, fields]) => `${chunks.join('')}${zeros}0${ext}\r\n${fields}\r\n`);

/** Bytes that mean something somewhere in the coding. */
const odd = fc.constantFrom(
  ...'\r\n\t ;:="\\0fFgX-,(\0\x01\x7f\x80\xff',
  '\r\n',
  '\r\n\r\n',
  'f'.repeat(16),
  '1'.repeat(17),
);
const mutation = fc.record({
  at: fc.nat({ max: 400 }),
  remove: fc.constantFrom(0, 0, 1, 1, 2, 5),
  insert: fc.oneof(odd, fc.constant('')),
});
const mutated = fc.tuple(body, fc.array(mutation, { maxLength: 2 })).map(([text, mutations]) => {
  let bytes = text;
  for (const { at, remove, insert } of mutations) {
    const place = at % (bytes.length + 1);
    bytes = bytes.slice(0, place) + insert + bytes.slice(place + remove);
  }
  return Buffer.from(bytes, 'latin1');
});

function decoderReads(pieces: readonly Buffer[]): Reading {
  const decoder = new ChunkedDecoder();
  const parts = pieces.map((piece) => decoder.decode(Buffer.from(piece), 0, piece.length)?.toString('latin1') ?? '');
  return { body: parts.join(''), outcome: decoder.error ? 'error' : decoder.over ? 'complete' : 'incomplete' };
}

/**
 * Has `count` chunked bodies, most of them broken in one or two places and cut into pieces, read by llhttp and by our
 * decoder. Returns the differences that are not allowed, and how many cases ended in which way.
 */
export async function compareWithLlhttp(count: number, seed: number) {
  const outcomes = { complete: 0, error: 0, incomplete: 0, allowed: 0 };
  const differences: Difference[] = [];
  for (const [bytes, places] of fc.sample(fc.tuple(mutated, cuts), { numRuns: count, seed })) {
    const pieces = cut(bytes, places.slice(0, 5));
    const difference = {
      bytes: bytes.toString('latin1'),
      llhttp: await llhttpReads(pieces),
      ours: decoderReads(pieces),
    };
    const { llhttp, ours } = difference;
    outcomes[ours.outcome]++;
    if (llhttp.body === ours.body && llhttp.outcome === ours.outcome) continue;
    if (Object.values(allowed).some((isAllowed) => isAllowed(difference))) outcomes.allowed++;
    else differences.push(difference);
  }
  return { outcomes, differences, allowedReasons: Object.keys(allowed) };
}
