import { expect } from 'chai';
import fc from 'fast-check';
import { ResponseHeadScanner } from '../src/upstream/fast-body/response-head.ts';
import { cut, cuts } from './support/soup.ts';

/** Scans `pieces`: the bytes for the parser of heads, those behind the head, and the state at the end. */
function scan(pieces: readonly Buffer[]) {
  const scanner = new ResponseHeadScanner();
  let head = '';
  let rest = '';
  for (const piece of pieces) {
    if (scanner.state === 'reading') {
      const found = scanner.scan(piece);
      head += found.head.toString('latin1');
      rest += found.rest.toString('latin1');
    } else if (scanner.state === 'complete') rest += piece.toString('latin1');
    else head += piece.toString('latin1');
  }
  return { head, rest, state: scanner.state };
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';
const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('ResponseHeadScanner', () => {
  const interims = ['', 'HTTP/1.1 100 Continue\r\n\r\n', early, `HTTP/1.1 102\r\n\r\n${early}${early}`];
  const heads = [
    ok,
    'HTTP/1.1 200\r\n\r\n',
    'HTTP/1.1 503 No\r\nRetry-After: 1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\r\rb\r\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
  ];
  const bodies = ['', '7\r\n:ping\n\n\r\n', '\r\n\r\n', ok];

  it('ResponseHeadScanner separates head and body and removes interim responses, wherever the bytes are cut [R59]', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...interims),
        fc.constantFrom(...heads),
        fc.constantFrom(...bodies),
        cuts,
        (interim, head, rest, places) => {
          const pieces = cut(bytes(interim + head + rest), places);
          expect(scan(pieces)).to.deep.equal({ head, rest, state: 'complete' });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('ResponseHeadScanner waits for the empty line at the end of a head', () => {
    for (const text of [ok, early + ok, 'HTTP/1.1 200 OK\r\n\n\r\n']) {
      expect(scan([bytes(text.slice(0, -1))]).state).to.equal('reading');
    }
    expect(scan([bytes(early)])).to.deep.equal({ head: '', rest: '', state: 'reading' });
  });

  it('ResponseHeadScanner passes everything on unchanged if the bytes are no HTTP/1.1 response', () => {
    const inputs = [
      '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.0 200 OK\r\n\r\n',
      'SSH-2.0-x\r\n\r\n',
      'HTTP/1.1 2\r\n\r\n',
    ];
    for (const text of [...inputs, ...inputs.map((input) => early + input)]) {
      const expected = { head: text.replace(early, ''), rest: '', state: 'unknown' };
      expect(scan([bytes(text)]), text).to.deep.equal(expected);
      expect(scan([...text].map(bytes)), text).to.deep.equal(expected);
    }
  });
});
