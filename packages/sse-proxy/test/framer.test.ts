import { expect } from 'chai';
import { SseProxyError } from '../src/index.ts';
import { Framer } from '../src/sse/framer.ts';
import { dribble, type Frames, framing, push } from './support/frames.ts';

const bom = '\xef\xbb\xbf';

function tooLarge(kept: Frames, ...chunks: string[]): void {
  expect(() => push(kept, ...chunks))
    .to.throw(SseProxyError)
    .with.property('code', 'ERR_SSE_EVENT_TOO_LARGE');
}

describe('framing: lines and events', () => {
  for (const [name, eol] of [
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ] as const) {
    const first = `id: 1${eol}data: a${eol}${eol}`;
    const second = `data: b${eol}${eol}`;

    it(`rule 12: ${name} ends lines, and an empty line ends an event`, () => {
      expect(push(framing(), first + second).frames).to.deep.equal([`${first}!`, `${second}!`]);
    });

    it(`rule 12: ${name} ends lines in single bytes too`, () => {
      const kept = push(framing(), ...dribble(first + second));
      expect(kept.bytes()).to.equal(first + second);
      expect(kept.events).to.equal(2);
    });
  }

  it('rule 12: line ends may be mixed within one event', () => {
    const kept = push(framing(), 'id: 1\rdata: a\r\ndata: b\n\rdata: c\r\n\n');
    expect(kept.frames).to.deep.equal(['id: 1\rdata: a\r\ndata: b\n\r!', 'data: c\r\n\n!']);
  });

  it('rule 12: CR and LF in different chunks end one line, not two', () => {
    const kept = push(framing(), 'data: a\r', '\ndata: b\r', '\n\r', '\n');
    expect(kept.events).to.equal(1);
    expect(kept.bytes()).to.equal('data: a\r\ndata: b\r\n\r\n');
  });

  it('rule 12: an empty chunk between CR and LF changes nothing', () => {
    const kept = push(framing(), 'data: a\r', '', '\ndata: b\n\n');
    expect(kept.frames).to.deep.equal(['data: a\r\ndata: b\n\n!']);
    expect(push(framing(), ': c\r', '', '\n').frames).to.deep.equal([': c\r\n']);
    expect(push(framing(), 'data: a\r\n\r', '', '\n').frames).to.deep.equal(['data: a\r\n\r!', '\n']);
  });

  it('rule 12: an event whose empty line is a CR goes out at once, its LF after it', () => {
    const kept = push(framing(), 'data: a\r\n\r');
    expect(kept.frames).to.deep.equal(['data: a\r\n\r!']);
    push(kept, '\ndata: b\r\n\r\n');
    expect(kept.frames.slice(1)).to.deep.equal(['\n', 'data: b\r\n\r\n!']);
  });

  it('rule 12: an event that begins right after a lone CR is not taken for its LF', () => {
    expect(push(framing(), 'data: a\r\r', 'data: b\r\r').frames).to.deep.equal(['data: a\r\r!', 'data: b\r\r!']);
  });

  it('rule 13: a BOM is stripped at the start, whatever pieces it comes in', () => {
    for (const chunks of [[`${bom}data: a\n\n`], dribble(`${bom}data: a\n\n`), ['\xef', '\xbb\xbfda', 'ta: a\n\n']]) {
      expect(push(framing(), ...chunks).frames).to.deep.equal(['data: a\n\n!']);
    }
  });

  it('rule 13: a BOM anywhere else is part of its line', () => {
    const kept = push(framing(), `data: a\n\n${bom}data: b\n\n`);
    expect(kept.frames).to.deep.equal(['data: a\n\n!', `${bom}data: b\n\n`]);
    expect(push(framing(), `${bom}${bom}data: a\n\n`).frames).to.deep.equal([`${bom}data: a\n\n`]);
  });

  it('rule 13: what only begins like a BOM is not lost', () => {
    expect(push(framing(), '\xef', '\xbb', 'x\ndata: a\n\n').frames).to.deep.equal(['\xef\xbbx\ndata: a\n\n!']);
  });

  it('input 25: a BOM is stripped again on a resumed stream', () => {
    const kept = push(framing(), `${bom}data: a\n\n`);
    kept.framer.restart();
    push(kept, '\xef\xbb', '\xbfdata: b\n\n');
    expect(kept.frames).to.deep.equal(['data: a\n\n!', 'data: b\n\n!']);
  });

  it('rule 14: only whole events pass, and what was cut off is dropped at a restart', () => {
    const kept = push(framing(), 'data: a\n\nid: 2\ndata: b\n');
    expect(kept.frames).to.deep.equal(['data: a\n\n!']);
    expect(kept.framer.heldBytes).to.equal('id: 2\ndata: b\n'.length);
    kept.framer.restart();
    expect(kept.framer.heldBytes).to.equal(0);
    push(kept, '\ndata: c\n\n');
    expect(kept.frames).to.deep.equal(['data: a\n\n!', '\n', 'data: c\n\n!']);
    expect(kept.lastId).to.equal(undefined);
  });

  it('input 26: a restart between the CR and the LF of an empty line makes no phantom event', () => {
    const kept = push(framing(), 'data: a\r\n\r');
    kept.framer.restart();
    push(kept, '\ndata: b\n\n');
    expect(kept.events).to.equal(2);
    expect(kept.bytes()).to.equal('data: a\r\n\r\ndata: b\n\n');
  });

  it('input 26: a restart after the CR of a field line forgets the field', () => {
    const kept = push(framing(), 'data: a\r');
    kept.framer.restart();
    expect(push(kept, '\n').frames).to.deep.equal(['\n']);
    kept.framer.restart();
    push(kept, 'data: a\r');
    kept.framer.restart();
    expect(push(kept, 'data: b\n\n').frames.slice(1)).to.deep.equal(['data: b\n\n!']);
  });

  it('input 27: cut at `da`, resumed with `data:`: the two are never fused', () => {
    const kept = push(framing(), 'id: 1\ndata: a\n\nda');
    kept.framer.restart();
    push(kept, 'data: b\n\n');
    expect(kept.frames).to.deep.equal(['id: 1\ndata: a\n\n!', 'data: b\n\n!']);
    expect(kept.lastId).to.equal('1');
  });

  it('rule 19: a comment alone on a line passes at once, in whatever pieces it comes', () => {
    expect(push(framing(), ': hello\n').frames).to.deep.equal([': hello\n']);
    expect(push(framing(), ':\r\n:\r\n').frames).to.deep.equal([':\r\n', ':\r\n']);
    const kept = push(framing(), ...dribble(': hello\n'));
    expect(kept.frames).to.deep.equal([': hello\n']);
    expect(kept.framer.heldBytes).to.equal(0);
  });

  it('rule 19: a comment inside an event stays inside it', () => {
    expect(push(framing(), 'data: a\n: hello\n', 'data: b\n\n').frames).to.deep.equal([
      'data: a\n: hello\ndata: b\n\n!',
    ]);
  });

  it('rule 19: a comment or an id shows that the upstream can be told alive from dead; data alone does not', () => {
    expect(push(framing(), 'data: a\n\nretry: 5\n\n').framer.showsLife).to.equal(false);
    expect(push(framing(), ':\n').framer.showsLife).to.equal(true);
    expect(push(framing(), 'id: 1\n\n').framer.showsLife).to.equal(true);
  });

  it('counts as events exactly what a browser dispatches', () => {
    const count = (bytes: string) => push(framing(), bytes).events;
    expect(count('data\n\n')).to.equal(1);
    expect(count('data:\n\n')).to.equal(1);
    expect(count('event: x\nid: 1\nretry: 5\n\n')).to.equal(0);
    expect(count('\n\n\n:\n\n')).to.equal(0);
    expect(count('DATA: a\n\n')).to.equal(0);
    expect(count(' data: a\n\n')).to.equal(0);
    expect(count('data : a\n\n')).to.equal(0);
    expect(count('dat: a\ndatas: a\ndate: a\n\n')).to.equal(0);
  });

  it('input 31: invalid and split UTF-8 passes byte for byte', () => {
    const odd = 'data: \xff\xfe\xc3(\xe2\x82 \x00\xf0\x9f\x98\x80\xed\xa0\x80\n\n';
    expect(push(framing(), ...dribble(odd)).bytes()).to.equal(odd);
    expect(push(framing(), odd).bytes()).to.equal(odd);
  });
});

describe('framing: what was handed on', () => {
  it('stays as it is while later events are put together: a slow browser may still wait for it', () => {
    const slices: Buffer[] = [];
    const framer = new Framer(
      { onFrames: (source, start, end) => slices.push(source.subarray(start, end)) > 0 },
      1_000,
    );
    for (const chunk of dribble('data: a\n\ndata: b\n\n: c\n')) framer.push(Buffer.from(chunk));
    expect(slices.map(String)).to.deep.equal(['data: a\n\n', 'data: b\n\n', ': c\n']);
  });
});

describe('framing: bounds', () => {
  const event = 'data: 12345\n\n';

  it('input 28: an event of exactly maxEventBytes passes, one byte more does not', () => {
    for (const chunks of [[event], dribble(event), ['da', event.slice(2)]]) {
      expect(push(framing(event.length), ...chunks).frames).to.deep.equal([`${event}!`]);
      tooLarge(framing(event.length - 1), ...chunks);
    }
  });

  it('input 28: the LF of a CRLF that ends an event may come on top when it comes alone', () => {
    const bytes = 'data: 12345\r\n\r\n';
    expect(push(framing(bytes.length), bytes).bytes()).to.equal(bytes);
    expect(push(framing(bytes.length - 1), bytes.slice(0, -1), '\n').bytes()).to.equal(bytes);
    tooLarge(framing(bytes.length - 2), bytes.slice(0, -1), '\n');
    tooLarge(framing(bytes.length - 1), bytes);
  });

  it('input 28: an endless line is cut at maxEventBytes; what was whole before it has passed', () => {
    const kept = push(framing(100), 'data: a\n\n');
    tooLarge(kept, `data: b\n\n${'x'.repeat(101)}`);
    expect(kept.frames).to.deep.equal(['data: a\n\n!', 'data: b\n\n!']);
  });

  it('input 28: an endless event is cut at maxEventBytes, and no more than that is ever held', () => {
    const kept = framing(1_000);
    const line = 'data: 0123456789\n';
    tooLarge(kept, ...Array.from({ length: 59 }, () => line));
    expect(kept.framer.heldBytes).to.equal(58 * line.length);
  });

  it('input 28: an endless comment is cut too', () => {
    tooLarge(framing(100), ...dribble(`:${'x'.repeat(100)}`));
  });

  it('input 28: many events may be larger together than maxEventBytes', () => {
    const kept = push(framing(20), 'data: 12345\n\n'.repeat(1_000));
    expect(kept.events).to.equal(1_000);
  });

  it('works again after a restart', () => {
    const kept = framing(20);
    tooLarge(kept, 'x'.repeat(21));
    kept.framer.restart();
    expect(push(kept, 'data: a\n\n').frames).to.deep.equal(['data: a\n\n!']);
  });
});
