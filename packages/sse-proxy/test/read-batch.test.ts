import { expect } from 'chai';
import { type BatchConsumer, ReadBatch } from '../src/upstream/fast-body/read-batch.ts';

/** Takes what it is given when it is its turn, and spoils what was lent. */
class Taker implements BatchConsumer {
  readonly got: string[] = [];
  readonly #batch: ReadBatch;

  constructor(batch: ReadBatch) {
    this.#batch = batch;
  }

  read(text: string): void {
    const shared = Buffer.from(`${text}and what else is in the memory that is read into`);
    this.#batch.add(this, shared, text.length);
    shared.fill(0x21);
  }

  take(memory: Buffer, start: number, end: number): void {
    this.got.push(memory.toString('latin1', start, end));
    memory.fill(0x21, start, end);
  }
}

const turn = () => new Promise(setImmediate);

describe('what one turn of the event loop reads', () => {
  it('has a first read, which need not wait', async () => {
    const batch = new ReadBatch();
    expect([batch.begins(), batch.begins()]).to.deep.equal([true, false]);
    await turn();
    new Taker(batch).read('a');
    expect(batch.begins()).to.equal(false);
    await turn();
    expect(batch.begins()).to.equal(true);
  });

  it('is handed on when the turn is over, in order', async () => {
    const batch = new ReadBatch();
    const [one, two] = [new Taker(batch), new Taker(batch)];
    one.read('a');
    two.read('b');
    one.read('c');
    expect([one.got, two.got]).to.deep.equal([[], []]);
    await turn();
    expect([one.got, two.got]).to.deep.equal([['a', 'c'], ['b']]);
  });

  it('is handed on earlier once it is much', async () => {
    const batch = new ReadBatch();
    const one = new Taker(batch);
    const large = 'x'.repeat(60_000);
    for (let n = 0; n < 9; n++) one.read(large);
    expect(one.got.length).to.be.within(4, 8);
    await turn();
    expect(one.got.join('')).to.equal(large.repeat(9));
  });

  it('reaches the others when one of them throws', () => {
    const batch = new ReadBatch();
    const other = new Taker(batch);
    const large = Buffer.alloc(200_000, 0x61);
    const bad: BatchConsumer = {
      take: () => {
        throw new Error('mine');
      },
    };
    batch.add(bad, large, 1);
    other.read('b');
    // The second large one has no room: what waits is handed on first.
    batch.add(other, large, large.length);
    expect(() => batch.add(other, large, large.length)).to.throw('mine');
    expect(other.got.map((text) => text.length)).to.deep.equal([1, large.length]);
  });
});
