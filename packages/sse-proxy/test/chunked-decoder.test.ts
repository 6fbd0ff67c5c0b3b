import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { ChunkedDecoder } from '../src/upstream/fast-body/chunked-decoder.ts';
import { cut, cuts } from './support/soup.ts';

/**
 * Decodes the pieces of a body, each in the middle of a larger memory, whose other bytes would make sense too, and which
 * is overwritten afterwards.
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
const extension = fc.constantFrom('', '', '', ';a=b', ' ;a="x;y"', '\t', '; ');
const oneChunk = content.chain((bytes) =>
  fc.tuple(size(bytes.length), extension).map(([digits, ext]) => ({ bytes, coded: `${digits}${ext}\r\n${bytes}\r\n` })),
);
const trailer = fc.constantFrom('', '', 'X-A: b\r\n', 'X-A: b\r\nX-B:\r\n');
const coded = fc.tuple(fc.array(oneChunk, { maxLength: 8 }), extension, trailer).map(([chunks, ext, fields]) => ({
  body: chunks.map(({ bytes }) => bytes).join(''),
  coded: Buffer.from(`${chunks.map((chunk) => chunk.coded).join('')}0${ext}\r\n${fields}\r\n`, 'latin1'),
}));

describe('the chunked coding', () => {
  it('comes off, however the bytes were cut', () => {
    fc.assert(
      fc.property(coded, cuts, ({ body, coded: bytes }, places) => {
        expect(decode(cut(bytes, places))).to.deep.equal({ body, over: true, error: undefined });
      }),
      { numRuns: 2_000 },
    );
  });

  it('comes off byte by byte', () => {
    fc.assert(
      fc.property(coded, ({ body, coded: bytes }) => {
        expect(decode([...bytes].map((byte) => Buffer.of(byte)))).to.deep.equal({ body, over: true, error: undefined });
      }),
      { numRuns: 500 },
    );
  });

  it('is not over before its last byte, and gives nothing of what follows that', () => {
    fc.assert(
      fc.property(coded, ({ body, coded: bytes }) => {
        const whole = bytes.length;
        expect(decode([bytes.subarray(0, whole - 1)])).to.deep.equal({ body, over: false, error: undefined });
        expect(decode([Buffer.concat([bytes, Buffer.from('3\r\nabc\r\n')])]).body).to.equal(body);
      }),
      { numRuns: 500 },
    );
  });

  it("reads what Node's own parser reads", async () => {
    // Node's parser takes no white space before an extension, which the grammar allows.
    const samples = fc.sample(coded, 400).filter((sample) => !/[\t ]/.test(String(sample.coded)));
    expect(samples.length).to.be.above(20);
    const server = net.createServer((socket) => {
      socket.once('data', (request) => {
        const sample = samples[Number(/^GET \/(\d+)/.exec(String(request))?.[1])];
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
        socket.end(sample?.coded ?? '');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      for (const [index, sample] of samples.entries()) {
        const request = http.get({ port, host: '127.0.0.1', path: `/${index}`, agent: false });
        const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
        const parts: Buffer[] = [];
        for await (const part of answer) parts.push(part as Buffer);
        expect(Buffer.concat(parts).toString('latin1')).to.equal(sample.body);
      }
    } finally {
      server.close();
    }
  });

  it('gives what it gives as a part of the bytes that it was given', () => {
    const bytes = Buffer.from('1\r\na\r\n2\r\nbc\r\n');
    const body = new ChunkedDecoder().decode(bytes, 0, bytes.length);
    expect(body?.buffer).to.equal(bytes.buffer);
    expect(String(body)).to.equal('abc');
  });

  const faults: Record<string, [coded: string, body: string, message: RegExp]> = {
    'no size': ['3\r\nabc\r\n\r\n', 'abc', /no chunk size/],
    'a size that is no number': ['xyz\r\n', '', /no chunk size/],
    'a sign before the size': ['-3\r\nabc\r\n', '', /no chunk size/],
    'a size with 0x': ['0x3\r\nabc\r\n', '', /no hexadecimal number/],
    'a size of too many digits': ['3\r\nabc\r\n1000000000000000\r\n', 'abc', /too many digits/],
    'a size of more zeros than anybody writes': [`${'0'.repeat(20)}3\r\nabc\r\n`, '', /too many digits/],
    'a size that ends in LF alone': ['3\nabc\r\n', '', /no hexadecimal number/],
    'a CR within a size line': ['3\rx\nabc\r\n', '', /CR without LF after a chunk size/],
    'a chunk that is longer than its size': ['2\r\nabc\r\n', 'ab', /longer than its size/],
    'a chunk that ends in CR alone': ['3\r\nabc\rx', 'abc', /CR without LF after a chunk/],
    'an LF in an extension': ['3;a\nb\r\nabc\r\n', '', /extension without end/],
    'an extension without end': [`3;${'a'.repeat(20_000)}`, '', /extension without end/],
    'a trailer section without end': [`3\r\nabc\r\n0\r\n${'X-A: b\r\n'.repeat(3_000)}`, 'abc', /trailer section/],
    'an LF alone in the trailer section': ['0\r\nX: a\n\r\n', '', /trailer section/],
    'a CR alone in the trailer section': ['0\r\nX: a\rb\r\n', '', /CR without LF in the trailer section/],
  };
  for (const [name, [bytes, body, message]] of Object.entries(faults)) {
    it(`ends with an error at ${name}; what came before it counts, what follows does not`, () => {
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

  it('is ended by the last chunk in any form', () => {
    for (const last of ['0\r\n\r\n', '000\r\n\r\n', '0;a=b\r\n\r\n', '0\r\nX: y\r\n\r\n']) {
      expect(text(`1\r\na\r\n${last}`), last).to.deep.equal({ body: 'a', over: true, error: undefined });
    }
  });
});
