import { expect } from 'chai';
import fc from 'fast-check';
import { ResponseHeadScanner } from '../src/upstream/fast-body/response-head.ts';
import { cut, cuts } from './support/soup.ts';

/** How many bytes of `bytes` belong to heads; -1 if they go on, undefined if they are not understood. */
function headBytes(pieces: Buffer[]): number | undefined {
  const scanner = new ResponseHeadScanner();
  let before = 0;
  for (const piece of pieces) {
    const end = scanner.scan(piece, piece.length);
    if (end === undefined) return undefined;
    if (end >= 0) return before + end;
    before += piece.length;
  }
  return -1;
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';
const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const bytes = (text: string) => Buffer.from(text, 'latin1');

describe("an answer's head", () => {
  for (const [name, text] of Object.entries({
    'of 200': ok,
    'without any field': 'HTTP/1.1 200\r\n\r\n',
    'behind an interim answer': early + ok,
    'behind several': `HTTP/1.1 100 Continue\r\n\r\n${early}${early}${ok}`,
    'of an error': 'HTTP/1.1 503 No\r\nRetry-After: 1\r\n\r\n',
    'with CRs where none belong': 'HTTP/1.1 200 OK\r\nX: a\r\rb\r\r\n\r\n',
  })) {
    it(`ends at its empty line, however it was cut (${name})`, () => {
      fc.assert(
        fc.property(cuts, fc.constantFrom('', '7\r\n:ping\n\n\r\n', '\r\n\r\n', ok), (places, behind) => {
          expect(headBytes(cut(bytes(text + behind), places))).to.equal(text.length);
        }),
      );
    });
  }

  it('goes on until then', () => {
    for (const text of [ok, early + ok, 'HTTP/1.1 200 OK\r\n\n\r\n']) {
      expect(headBytes([bytes(text.slice(0, -1))])).to.equal(-1);
    }
    expect(headBytes([bytes(early)])).to.equal(-1);
  });

  it('is left to undici where it is not understood', () => {
    for (const text of [
      '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.0 200 OK\r\n\r\n',
      'SSH-2.0-x\r\n\r\n',
      'HTTP/1.1 2\r\n\r\n',
    ]) {
      expect(headBytes([bytes(text)]), text).to.equal(undefined);
      expect(headBytes([...text].map(bytes)), text).to.equal(undefined);
    }
  });
});
