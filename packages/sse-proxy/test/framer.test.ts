import { expect } from 'chai';
import { SseProxyError } from '../src/index.ts';
import { Framer } from '../src/sse/framer.ts';
import { bounds, dribble, type Frames, framing, push } from './support/frames.ts';

/** The frames, where the LF of a final CRLF that arrived alone is joined to its event. */
function joined({ frames }: Frames): string[] {
  const result: string[] = [];
  for (const frame of frames) {
    const last = result.at(-1) ?? '';
    if (frame === '\n' && last.endsWith('\r!')) result[result.length - 1] = `${last.slice(0, -1)}\n!`;
    else if (frame !== '\n' || !last.startsWith('(too large')) result.push(frame);
  }
  return result;
}

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

    it(`${name} ends lines, and an empty line ends an event [R20]`, () => {
      expect(push(framing(), first + second).frames).to.deep.equal([`${first}!`, `${second}!`]);
    });

    it(`${name} ends lines that arrive in single bytes [R20]`, () => {
      const kept = push(framing(), ...dribble(first + second));
      expect(kept.bytes()).to.equal(first + second);
      expect(kept.events).to.equal(2);
    });
  }

  it('line ends may be mixed within one event [R20]', () => {
    const kept = push(framing(), 'id: 1\rdata: a\r\ndata: b\n\rdata: c\r\n\n');
    expect(kept.frames).to.deep.equal(['id: 1\rdata: a\r\ndata: b\n\r!', 'data: c\r\n\n!']);
  });

  it('CR and LF in different chunks end one line, not two [R20]', () => {
    const kept = push(framing(), 'data: a\r', '\ndata: b\r', '\n\r', '\n');
    expect(kept.events).to.equal(1);
    expect(kept.bytes()).to.equal('data: a\r\ndata: b\r\n\r\n');
  });

  it('an empty chunk between CR and LF changes nothing [R20]', () => {
    const kept = push(framing(), 'data: a\r', '', '\ndata: b\n\n');
    expect(kept.frames).to.deep.equal(['data: a\r\ndata: b\n\n!']);
    expect(push(framing(), ': c\r', '', '\n').frames).to.deep.equal([': c\r\n']);
    expect(push(framing(), 'data: a\r\n\r', '', '\n').frames).to.deep.equal(['data: a\r\n\r!', '\n']);
  });

  it('an event whose empty line is a CR goes out at once, its LF after it [R20]', () => {
    const kept = push(framing(), 'data: a\r\n\r');
    expect(kept.frames).to.deep.equal(['data: a\r\n\r!']);
    push(kept, '\ndata: b\r\n\r\n');
    expect(kept.frames.slice(1)).to.deep.equal(['\n', 'data: b\r\n\r\n!']);
  });

  it('a byte after a lone CR begins the next event [R20]', () => {
    expect(push(framing(), 'data: a\r\r', 'data: b\r\r').frames).to.deep.equal(['data: a\r\r!', 'data: b\r\r!']);
  });

  it('a BOM is stripped at the start, whatever pieces it comes in [R21]', () => {
    for (const chunks of [[`${bom}data: a\n\n`], dribble(`${bom}data: a\n\n`), ['\xef', '\xbb\xbfda', 'ta: a\n\n']]) {
      expect(push(framing(), ...chunks).frames).to.deep.equal(['data: a\n\n!']);
    }
  });

  it('a BOM anywhere else is part of its line [R21]', () => {
    const kept = push(framing(), `data: a\n\n${bom}data: b\n\n`);
    expect(kept.frames).to.deep.equal(['data: a\n\n!', `${bom}data: b\n\n`]);
    expect(push(framing(), `${bom}${bom}data: a\n\n`).frames).to.deep.equal([`${bom}data: a\n\n`]);
  });

  it('what only begins like a BOM is not lost [R21]', () => {
    expect(push(framing(), '\xef', '\xbb', 'x\ndata: a\n\n').frames).to.deep.equal(['\xef\xbbx\ndata: a\n\n!']);
  });

  it('a BOM is stripped again on a resumed stream [input 25]', () => {
    const kept = push(framing(), `${bom}data: a\n\n`);
    kept.framer.restart();
    push(kept, '\xef\xbb', '\xbfdata: b\n\n');
    expect(kept.frames).to.deep.equal(['data: a\n\n!', 'data: b\n\n!']);
  });

  it('only whole events pass, and what was cut off is dropped at a restart [R22]', () => {
    const kept = push(framing(), 'data: a\n\nid: 2\ndata: b\n');
    expect(kept.frames).to.deep.equal(['data: a\n\n!']);
    expect(kept.framer.heldBytes).to.equal('id: 2\ndata: b\n'.length);
    kept.framer.restart();
    expect(kept.framer.heldBytes).to.equal(0);
    push(kept, '\ndata: c\n\n');
    expect(kept.frames).to.deep.equal(['data: a\n\n!', '\n', 'data: c\n\n!']);
    expect(kept.lastId).to.equal(undefined);
  });

  it('a restart between the CR and the LF of an empty line makes no phantom event [input 26]', () => {
    const kept = push(framing(), 'data: a\r\n\r');
    kept.framer.restart();
    push(kept, '\ndata: b\n\n');
    expect(kept.events).to.equal(2);
    expect(kept.bytes()).to.equal('data: a\r\n\r\ndata: b\n\n');
  });

  it('a restart after the CR of a field line forgets the field [input 26]', () => {
    const kept = push(framing(), 'data: a\r');
    kept.framer.restart();
    expect(push(kept, '\n').frames).to.deep.equal(['\n']);
    kept.framer.restart();
    push(kept, 'data: a\r');
    kept.framer.restart();
    expect(push(kept, 'data: b\n\n').frames.slice(1)).to.deep.equal(['data: b\n\n!']);
  });

  it('cut at `da`, resumed with `data:`: the two are never fused [input 27]', () => {
    const kept = push(framing(), 'id: 1\ndata: a\n\nda');
    kept.framer.restart();
    push(kept, 'data: b\n\n');
    expect(kept.frames).to.deep.equal(['id: 1\ndata: a\n\n!', 'data: b\n\n!']);
    expect(kept.lastId).to.equal('1');
  });

  it('a comment alone on a line passes at once, in whatever pieces it comes [R27]', () => {
    expect(push(framing(), ': hello\n').frames).to.deep.equal([': hello\n']);
    expect(push(framing(), ':\r\n:\r\n').frames).to.deep.equal([':\r\n', ':\r\n']);
    const kept = push(framing(), ...dribble(': hello\n'));
    expect(kept.frames).to.deep.equal([': hello\n']);
    expect(kept.framer.heldBytes).to.equal(0);
  });

  it('a comment inside an event stays inside it [R27]', () => {
    expect(push(framing(), 'data: a\n: hello\n', 'data: b\n\n').frames).to.deep.equal([
      'data: a\n: hello\ndata: b\n\n!',
    ]);
  });

  it('a comment or an id, but not data alone, shows that the default idle timeout may apply [R27]', () => {
    expect(push(framing(), 'data: a\n\nretry: 5\n\n').framer.showsLife).to.equal(false);
    expect(push(framing(), ':\n').framer.showsLife).to.equal(true);
    expect(push(framing(), 'id: 1\n\n').framer.showsLife).to.equal(true);
  });

  it('the framer counts as events exactly what a browser dispatches', () => {
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

  it('invalid and split UTF-8 passes byte for byte [input 31]', () => {
    const odd = 'data: \xff\xfe\xc3(\xe2\x82 \x00\xf0\x9f\x98\x80\xed\xa0\x80\n\n';
    expect(push(framing(), ...dribble(odd)).bytes()).to.equal(odd);
    expect(push(framing(), odd).bytes()).to.equal(odd);
  });
});

describe('framing: what was handed on', () => {
  it('a frame that was passed on stays unchanged while later events are put together: a slow browser may still wait for it', () => {
    const slices: Buffer[] = [];
    const framer = new Framer(
      { onFrame: (buffer, start, end) => void slices.push(buffer.subarray(start, end)), onOversizedEvent() {} },
      bounds(1_000),
    );
    for (const chunk of dribble('data: a\n\ndata: b\n\n: c\n')) framer.push(Buffer.from(chunk));
    expect(slices.map(String)).to.deep.equal(['data: a\n\n', 'data: b\n\n', ': c\n']);
  });
});

describe('Framer, with an event that exceeds maxEventBytes', () => {
  const event = 'data: 12345\n\n';
  const next = 'data: next\n\n';

  /** What is passed on of `bytes` in several chunkings, which must agree. */
  function discarded(maxEventBytes: number, bytes: string): string[] {
    const whole = push(framing(maxEventBytes), bytes);
    for (const size of [1, 2, 7, 50]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.substr(n * size, size));
      const kept = push(framing(maxEventBytes), ...chunks);
      expect(joined(kept), `chunks of ${size}`).to.deep.equal(joined(whole));
      expect(kept.framer.oversized === undefined).to.equal(whole.framer.oversized === undefined);
    }
    return joined(whole);
  }

  it('the framer passes an event of exactly maxEventBytes and discards one that is a byte larger [R34] [input 28]', () => {
    expect(discarded(event.length, event + next)).to.deep.equal([`${event}!`, `${next}!`]);
    expect(discarded(event.length - 1, event)).to.deep.equal(['(too large)']);
    expect(push(framing(event.length), 'da', event.slice(2)).frames).to.deep.equal([`${event}!`]);
  });

  it('the LF of a final CRLF that arrives alone passes, and does not count towards maxEventBytes [input 28]', () => {
    const bytes = 'data: 12345\r\n\r\n';
    expect(push(framing(bytes.length), bytes).bytes()).to.equal(bytes);
    expect(push(framing(bytes.length - 1), bytes.slice(0, -1), '\n').bytes()).to.equal(bytes);
    expect(push(framing(bytes.length - 2), bytes.slice(0, -1), '\n').frames).to.deep.equal(['(too large)', '\n']);
  });

  for (const [name, eol] of [
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ] as const) {
    it(`the framer discards only the event over maxEventBytes, up to its empty line, and reports its id (${name}) [R34]`, () => {
      const long = `data: ${'x'.repeat(100)}${eol}`;
      const after = `id: n${eol}data: n${eol}${eol}`;
      for (const [bytes, expected] of [
        [`id: 7${eol}${long}${eol}`, '(too large: 7)'],
        [`${long}id: 7${eol}${eol}`, '(too large: 7)'],
        [`id: 6${eol}${long}id:7${eol}${eol}`, '(too large: 7)'],
        [`id: 7${eol}${long}id: 8\0${eol}${eol}`, '(too large: 7)'],
        [`${long}id${eol}${eol}`, '(too large: )'],
        [`${long}${eol}`, '(too large)'],
        [`event: a${eol}: comment${eol}${long}${eol}`, '(too large)'],
        [`id: 7${eol}${'y'.repeat(100)}: ${eol}${eol}`, '(too large, no event: 7)'],
        [`${`data: x${eol}`.repeat(20)}${eol}`, '(too large)'],
      ] as const) {
        expect(discarded(60, after + bytes + after), JSON.stringify(bytes)).to.deep.equal([
          `${after}!`,
          expected,
          `${after}!`,
        ]);
      }
    });

    it(`the framer discards only the line if a comment or a retry: line is over maxEventBytes (${name}) [R28]`, () => {
      for (const line of [`:${'x'.repeat(100)}`, `retry: ${'1'.repeat(100)}`]) {
        const frames = discarded(60, `${line}${eol}data: a${eol}${eol}`);
        expect(frames).to.deep.equal(['(too large, no event)', `data: a${eol}${eol}!`]);
      }
    });
  }

  it('an id over 4 KiB is reported as unusable, also in an event over maxEventBytes [R24]', () => {
    const frames = push(framing(6_000), `id: ${'i'.repeat(4_097)}\ndata: ${'x'.repeat(6_000)}\n\n`).frames;
    expect(frames).to.deep.equal(['(too large: \0)']);
  });

  it('an id in an event over maxEventBytes shows that the upstream has ids [R33]', () => {
    const { framer } = push(framing(20), `data: ${'x'.repeat(20)}\nid: 1\n\n`);
    expect([framer.showsIds, framer.showsLife]).to.deep.equal([true, true]);
  });

  it('the framer stores nothing of an event over maxEventBytes', () => {
    const kept = framing(1_000);
    push(kept, ...Array.from({ length: 500 }, () => 'data: 0123456789\n'));
    expect(kept.framer.heldBytes).to.equal(0);
    expect(kept.framer.oversized).to.not.equal(undefined);
  });

  it('an event over maxEventBytes has the same digest in every chunking, and another event has another digest [R34]', () => {
    const digestOf = (bytes: string, size: number) => {
      let digest = '';
      const framer = new Framer(
        { onFrame() {}, onOversizedEvent: (event) => (digest = event.digest().toString('hex')) },
        bounds(50),
      );
      for (let at = 0; at < bytes.length; at += size) framer.push(Buffer.from(bytes.substr(at, size)));
      return digest;
    };
    const bytes = `id: 1\r\ndata: ${'x'.repeat(100)}\r\ndata: y\r\n\r\n`;
    const digests = [1, 2, 13, 1_000].map((size) => digestOf(bytes, size));
    expect(new Set(digests).size).to.equal(1);
    expect(digestOf(bytes.replace('y', 'z'), 13)).to.not.equal(digests[0]);
  });

  it('the framer gives up when an event is unfinished at 64 × maxEventBytes [R34] [input 28]', () => {
    const kept = framing(100);
    push(kept, 'data: a\n\n', ...Array.from({ length: 64 }, () => 'x'.repeat(100)));
    tooLarge(kept, 'x');
    expect(kept.frames).to.deep.equal(['data: a\n\n!']);
    kept.framer.restart();
    expect(push(kept, 'data: b\n\n').frames).to.deep.equal(['data: a\n\n!', 'data: b\n\n!']);
    tooLarge(framing(100), `:${'x'.repeat(6_400)}`);
  });

  it('the framer passes many events that are larger than maxEventBytes only together [input 28]', () => {
    expect(push(framing(20), 'data: 12345\n\n'.repeat(1_000)).events).to.equal(1_000);
    const frames = push(framing(20), `${':'.repeat(15)}\nretry: 1234\ndata: 12345\n\n`).frames;
    expect(frames, 'comments and retry lines before it don’t count').to.have.length(3);
  });
});

describe('Framer, with lines that precede an event', () => {
  it('passes comments and retry: lines as frames of their own, in every chunking [R28]', () => {
    for (const eol of ['\n', '\r\n', '\r']) {
      const lines = [`: hello${eol}`, `retry: 5${eol}`, `retry${eol}`, `retry: x${eol}`, `:${eol}`];
      const event = `id: 1${eol}retry: 6${eol}: in it${eol}data: a${eol}${eol}`;
      const expected = [...lines, `${event}!`, ...lines];
      const bytes = lines.join('') + event + lines.join('');
      for (let size = 1; size < 20; size++) {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.substr(n * size, size));
        const kept = push(framing(), ...chunks);
        // The CR at the end may be half of a CRLF.
        const frames = eol === '\r' ? expected.slice(0, -1) : expected;
        expect(joined(kept), `${JSON.stringify(eol)}, chunks of ${size}`).to.deep.equal(frames);
      }
    }
  });

  it('the framer takes no other field for a comment or a retry: line', () => {
    for (const line of ['retryx: 5', 'retr: 5', 'Retry: 5', ' retry: 5', 'event: retry', 'x']) {
      const bytes = `${line}\ndata: a\n\n`;
      expect(push(framing(), bytes).frames, line).to.deep.equal([`${bytes}!`]);
      expect(push(framing(), ...dribble(bytes)).frames, line).to.deep.equal([`${bytes}!`]);
    }
  });
});

describe('Framer, with fields out of bounds', () => {
  const long = 'i'.repeat(4_097);

  it('cuts an id over 4 KiB from its event and passes one of 4 KiB [R24]', () => {
    for (const chunks of [(bytes: string) => [bytes], dribble]) {
      const cut = push(framing(), ...chunks(`event: a\nid: ${long}\r\ndata: b\nidx: c\n\n`));
      expect([cut.frames, cut.lastId]).to.deep.equal([['event: a\ndata: b\nidx: c\n\n!'], '\0']);
      const fits = `id: ${long.slice(1)}\ndata: b\n\n`;
      expect(push(framing(), ...chunks(fits)).frames).to.deep.equal([`${fits}!`]);
    }
    expect(push(framing(), `id: 1\nid:${long}\ndata: a\n\n`).frames).to.deep.equal(['data: a\n\n!']);
    const overridden = `id: ${long}\nid: 1\ndata: a\n\n`;
    expect(push(framing(), overridden).frames).to.deep.equal([`${overridden}!`]);
  });

  it('clamps retry: to 300,000 ms, on its own line and within an event [R26]', () => {
    const kept = push(framing(), 'retry: 300001\nid: 1\nretry:99999999999999999999\ndata: retry: 999999\n\n');
    expect(kept.frames).to.deep.equal(['retry: 300000\n', 'id: 1\nretry:300000\ndata: retry: 999999\n\n!']);
    expect(kept.framer.retryMs).to.equal(300_000);
    const fits = 'retry: 300000\nid: 1\nretry: 0\ndata: a\n\n';
    expect(push(framing(), fits).bytes()).to.equal(fits);
  });
});
