import { expect } from 'chai';
import fc from 'fast-check';
import { type ChunkTransmitter, sendChunks, writeChunk } from '../src/browser/fast-write/chunk-batch.ts';

/** Records the chunks that it transmits; `keeps`: it retains them, as a socket whose kernel buffer is full. */
class Recorder implements ChunkTransmitter {
  readonly seen: string[] = [];
  readonly kept: Buffer[] = [];
  readonly retainsChunk: boolean;
  readonly isShared = true;
  readonly #keeps: boolean;
  readonly #log: string[];
  readonly #name: string;

  constructor(name = '', log: string[] = [], keeps = false, saysSo = keeps) {
    this.#name = name;
    this.#log = log;
    this.#keeps = keeps;
    this.retainsChunk = saysSo;
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

describe('the chunk batch', () => {
  it('frames chunks as HTTP/1.1 says, and sends them in order at the end of the turn', async () => {
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

  it('sends batched chunks once when sendChunks() is called', async () => {
    const one = new Recorder();
    writeChunk(one, bytes('a'));
    sendChunks();
    expect(one.seen).to.deep.equal([framed('a')]);
    await Promise.resolve();
    sendChunks();
    expect(one.seen).to.have.length(1);
  });

  it('frames shared bytes once for all consumers', () => {
    const same = bytes('data: x\n\n');
    const senders = Array.from({ length: 3 }, () => new Recorder('', [], true, false));
    for (const sender of senders) writeChunk(sender, same);
    sendChunks();
    const [first] = (senders[0] as Recorder).kept;
    for (const { kept } of senders) expect(kept[0]).to.equal(first);
  });

  it('sends a large chunk at once, after the batched ones', () => {
    const one = new Recorder();
    writeChunk(one, bytes('small'));
    writeChunk(one, Buffer.alloc(70_000, 0x61));
    expect(one.seen).to.deep.equal([framed('small'), framed('a'.repeat(70_000))]);
  });

  it('sends a batch that has grown to its bound of chunks or bytes', () => {
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

  it('never changes a chunk that a socket retains', () => {
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
});
