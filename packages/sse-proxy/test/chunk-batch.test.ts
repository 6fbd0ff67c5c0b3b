import { expect } from 'chai';
import fc from 'fast-check';
import { type Sender, sendChunks, writeChunk } from '../src/browser/fast-write/chunk-batch.ts';

/** A sender that notes what it is given; one that keeps chunks looks at them only when asked. */
class Recorder implements Sender {
  readonly seen: string[] = [];
  readonly kept: Buffer[] = [];
  readonly keepsChunks: boolean;
  readonly isShared = true;
  readonly #keeps: boolean;
  readonly #log: string[];
  readonly #name: string;

  constructor(name = '', log: string[] = [], keeps = false, saysSo = keeps) {
    this.#name = name;
    this.#log = log;
    this.#keeps = keeps;
    this.keepsChunks = saysSo;
  }

  transmit(chunk: Buffer): boolean {
    this.#log.push(this.#name);
    this.seen.push(chunk.toString('latin1'));
    if (this.#keeps) this.kept.push(chunk);
    return this.#keeps;
  }
}

const framed = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n`;
const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('chunks that are sent together', () => {
  it('are framed as HTTP says, and go in order when the turn is over', async () => {
    const log: string[] = [];
    const [one, two] = [new Recorder('one', log), new Recorder('two', log)];
    const lent = bytes('data: a\n\n');
    writeChunk(one, lent);
    lent.fill(0x21);
    writeChunk(two, bytes('data: b\n\n'));
    writeChunk(one, bytes(`data: ${'c'.repeat(300)}\n\n`));
    expect(log).to.deep.equal([]);
    await Promise.resolve();
    expect(log).to.deep.equal(['one', 'two', 'one']);
    expect(one.seen).to.deep.equal([framed('data: a\n\n'), framed(`data: ${'c'.repeat(300)}\n\n`)]);
    expect(two.seen).to.deep.equal([framed('data: b\n\n')]);
  });

  it('go at once when asked, and then no second time', async () => {
    const one = new Recorder();
    writeChunk(one, bytes('a'));
    sendChunks();
    expect(one.seen).to.deep.equal([framed('a')]);
    await Promise.resolve();
    sendChunks();
    expect(one.seen).to.have.length(1);
  });

  it('are framed once, however many browsers get the same bytes', () => {
    const same = bytes('data: x\n\n');
    const senders = Array.from({ length: 3 }, () => new Recorder('', [], true, false));
    for (const sender of senders) writeChunk(sender, same);
    sendChunks();
    const [first] = (senders[0] as Recorder).kept;
    for (const { kept } of senders) expect(kept[0]).to.equal(first);
  });

  it('go at once if they are large, behind those that wait', () => {
    const one = new Recorder();
    writeChunk(one, bytes('small'));
    writeChunk(one, Buffer.alloc(70_000, 0x61));
    expect(one.seen).to.deep.equal([framed('small'), framed('a'.repeat(70_000))]);
  });

  it('never wait for long: so many, or so many bytes, and they go', () => {
    const one = new Recorder();
    for (let n = 0; n < 3_000; n++) writeChunk(one, bytes(`${n}`));
    expect(one.seen.length).to.be.within(2_000, 2_999);
    sendChunks();
    const body = 'x'.repeat(7_000);
    const two = new Recorder();
    for (let n = 0; n < 100; n++) writeChunk(two, bytes(body));
    expect(two.seen.length).to.be.within(60, 99);
    sendChunks();
    expect(two.seen.join('')).to.equal(framed(body).repeat(100));
  });

  it('stay as they are for as long as a socket keeps them, whatever is sent afterwards', () => {
    const many = fc.array(
      fc.record({
        keeps: fc.boolean(),
        saysSo: fc.boolean(),
        size: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 7_000, max: 20_000 })),
        flush: fc.boolean(),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(many, (writes) => {
        const kept: [Recorder, string][] = [];
        for (const [n, { keeps, saysSo, size, flush }] of writes.entries()) {
          const body = String.fromCharCode(0x30 + (n % 64)).repeat(size);
          const sender = new Recorder('', [], keeps, keeps && saysSo);
          writeChunk(sender, bytes(body));
          if (flush) sendChunks();
          kept.push([sender, framed(body)]);
        }
        sendChunks();
        for (const [sender, expected] of kept) {
          expect(sender.seen).to.deep.equal([expected]);
          for (const chunk of sender.kept) expect(chunk.toString('latin1') === expected).to.equal(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reach the others when one sender throws', () => {
    const other = new Recorder();
    const bad: Sender = {
      keepsChunks: false,
      isShared: false,
      transmit: () => {
        throw new Error('mine');
      },
    };
    writeChunk(bad, bytes('a'));
    writeChunk(other, bytes('b'));
    expect(sendChunks).to.throw('mine');
    expect(other.seen).to.deep.equal([framed('b')]);
    writeChunk(other, bytes('c'));
    sendChunks();
    expect(other.seen).to.have.length(2);
  });
});
