import { expect } from 'chai';
import fc from 'fast-check';
import { ChunkedDecoder } from '../src/upstream/fast-body/chunked-decoder.ts';
import { compareWithLlhttp } from './support/chunk-fuzz.ts';
import { cut, cuts } from './support/soup.ts';

/**
 * Decodes the pieces of a body. Each piece lies inside a larger buffer whose other bytes are valid chunked coding too,
 * and which is overwritten after the call: the decoder must neither read outside of its range nor retain the buffer.
 */
function decode(pieces: Buffer[]) {
  const decoder = new ChunkedDecoder();
  const parts: string[] = [];
  for (const [n, piece] of pieces.entries()) {
    const after = Buffer.from(['\r\n0\r\n\r\n', '5\r\nhello\r\n', '\n', ''][n % 4] as string);
    const lent = Buffer.concat([Buffer.from('1'), piece, after]);
    parts.push(decoder.decode(lent, 1, 1 + piece.length)?.toString('latin1') ?? '');
    lent.fill(0x21);
  }
  return { body: parts.join(''), over: decoder.over, error: decoder.error?.message };
}

const text = (body: string) => decode([Buffer.from(body, 'latin1')]);

const content = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((array) => Buffer.from(array).toString('latin1'))
  .chain((bytes) => fc.constantFrom(bytes, bytes.repeat(30), '\r\n', '0\r\n\r\n', '5\r\nhello\r\n'));
const size = (bytes: number) =>
  fc
    .tuple(fc.constantFrom('', '0', '000'), fc.boolean())
    .map(([zeros, upper]) => zeros + (upper ? bytes.toString(16).toUpperCase() : bytes.toString(16)));
const extension = fc.constantFrom('', '', '', ';a=b', ';a="x;y"', ';a;b');
const oneChunk = content.chain((bytes) =>
  fc.tuple(size(bytes.length), extension).map(([digits, ext]) => ({ bytes, coded: `${digits}${ext}\r\n${bytes}\r\n` })),
);
const trailer = fc.constantFrom('', '', 'X-A: b\r\n', 'X-A: b\r\nX-B:\r\n');
const coded = fc.tuple(fc.array(oneChunk, { maxLength: 8 }), extension, trailer).map(([chunks, ext, fields]) => ({
  body: chunks.map(({ bytes }) => bytes).join(''),
  coded: Buffer.from(`${chunks.map((chunk) => chunk.coded).join('')}0${ext}\r\n${fields}\r\n`, 'latin1'),
}));

describe('ChunkedDecoder', () => {
  it('removes the chunked coding wherever the bytes are cut [R59]', () => {
    fc.assert(
      fc.property(coded, cuts, ({ body, coded: bytes }, places) => {
        expect(decode(cut(bytes, places))).to.deep.equal({ body, over: true, error: undefined });
      }),
      { numRuns: 2_000 },
    );
  });

  it('removes the chunked coding byte by byte [R59]', () => {
    fc.assert(
      fc.property(coded, ({ body, coded: bytes }) => {
        expect(decode([...bytes].map((byte) => Buffer.of(byte)))).to.deep.equal({ body, over: true, error: undefined });
      }),
      { numRuns: 500 },
    );
  });

  it('the chunked decoder is complete exactly at the last byte and returns no byte behind it', () => {
    fc.assert(
      fc.property(coded, ({ body, coded: bytes }) => {
        const whole = bytes.length;
        expect(decode([bytes.subarray(0, whole - 1)])).to.deep.equal({ body, over: false, error: undefined });
        expect(decode([Buffer.concat([bytes, Buffer.from('3\r\nabc\r\n')])]).body).to.equal(body);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts and refuses the chunked bodies that llhttp accepts and refuses, with the same content [R59]', async () => {
    const { outcomes, differences } = await compareWithLlhttp(1_000, 20_261_128);
    expect(differences).to.deep.equal([]);
    for (const outcome of ['complete', 'error', 'incomplete'] as const) expect(outcomes[outcome]).to.be.above(20);
  });

  it('the chunked decoder returns a part of its input instead of a copy', () => {
    const bytes = Buffer.from('1\r\na\r\n2\r\nbc\r\n');
    const body = new ChunkedDecoder().decode(bytes, 0, bytes.length);
    expect(body?.buffer).to.equal(bytes.buffer);
    expect(String(body)).to.equal('abc');
  });

  const faults: Record<string, [coded: string, body: string, message: RegExp]> = {
    'a missing size': ['3\r\nabc\r\n\r\n', 'abc', /no chunk size/],
    'a size that is no number': ['xyz\r\n', '', /no chunk size/],
    'a sign before the size': ['-3\r\nabc\r\n', '', /no chunk size/],
    'a size that starts with 0x': ['0x3\r\nabc\r\n', '', /no hexadecimal number/],
    'a size of 17 digits': ['3\r\nabc\r\n10000000000000000\r\n', 'abc', /too many digits/],
    'a size line that ends in LF alone': ['3\nabc\r\n', '', /no hexadecimal number/],
    'a space behind the size': ['3 \r\nabc\r\n', '', /no hexadecimal number/],
    'a CR inside a size line': ['3\rx\nabc\r\n', '', /CR without LF after a chunk size/],
    'a chunk that is longer than its size': ['2\r\nabc\r\n', 'ab', /longer than its size/],
    'a chunk that ends in CR alone': ['3\r\nabc\rx', 'abc', /CR without LF after a chunk/],
    'an LF in an extension': ['3;a\nb\r\nabc\r\n', '', /extension with an invalid name/],
    'extensions of more than 16 KiB': [`3;${'a'.repeat(20_000)}`, '', /more than 16384 bytes/],
    'a trailer section of more than 16 KiB': [`3\r\nabc\r\n0\r\n${'X-A: b\r\n'.repeat(5_000)}`, 'abc', /16384 bytes/],
    'a trailer line that ends in LF alone': ['0\r\nX: a\n\r\n', '', /trailer field with an invalid value/],
    'a CR inside a trailer line': ['0\r\nX: a\rb\r\n', '', /CR without LF in the trailer section/],
    'a Content-Length in the trailer section': ['0\r\nContent-Length: 3\r\n\r\n', '', /Content-Length in the trailer/],
  };
  for (const [name, [bytes, body, message]] of Object.entries(faults)) {
    it(`reports ${name} as broken coding, keeps the bytes before it and drops those behind it [R59]`, () => {
      for (const pieces of [[bytes], [...bytes]]) {
        const found = decode([...pieces, '3\r\nxyz\r\n'].map((piece) => Buffer.from(piece, 'latin1')));
        expect(found.body).to.equal(body);
        expect(found.over).to.equal(false);
        expect(found.error)
          .to.match(message)
          .and.to.match(/^the upstream broke the chunked coding: /);
      }
    });
  }

  it('accepts a size with any number of leading zeros [R59]', () => {
    expect(text(`${'0'.repeat(50)}3\r\nabc\r\n`)).to.deep.equal({ body: 'abc', over: false, error: undefined });
  });

  it('the chunked decoder is complete after the last chunk in each of its forms', () => {
    for (const last of ['0\r\n\r\n', '000\r\n\r\n', '0;a=b\r\n\r\n', '0\r\nX: y\r\n\r\n']) {
      expect(text(`1\r\na\r\n${last}`), last).to.deep.equal({ body: 'a', over: true, error: undefined });
    }
  });
});
