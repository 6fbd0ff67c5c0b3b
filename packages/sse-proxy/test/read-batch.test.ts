import { expect } from 'chai';
import { ReadBatch, type ReadConsumer } from '../src/upstream/fast-body/read-batch.ts';

/** Records its reads, and overwrites the memory that is only valid during the call. */
class Consumer implements ReadConsumer {
  readonly got: string[] = [];
  readonly #batch: ReadBatch;

  constructor(batch: ReadBatch) {
    this.#batch = batch;
  }

  read(text: string): void {
    const shared = Buffer.from(`${text}and other bytes of the shared memory`);
    this.#batch.add(this, shared, text.length);
    shared.fill(0x21);
  }

  onRead(memory: Buffer, start: number, end: number): void {
    this.got.push(memory.toString('latin1', start, end));
    memory.fill(0x21, start, end);
  }
}

const turn = () => new Promise(setImmediate);

describe('ReadBatch', () => {
  it('ReadBatch recognises the first read of a turn', async () => {
    const batch = new ReadBatch();
    expect([batch.isFirstOfTurn(), batch.isFirstOfTurn()]).to.deep.equal([true, false]);
    await turn();
    new Consumer(batch).read('a');
    expect(batch.isFirstOfTurn()).to.equal(false);
    await turn();
    expect(batch.isFirstOfTurn()).to.equal(true);
  });

  it('ReadBatch processes the reads of a turn at its end, in order', async () => {
    const batch = new ReadBatch();
    const [one, two] = [new Consumer(batch), new Consumer(batch)];
    one.read('a');
    two.read('b');
    one.read('c');
    expect([one.got, two.got]).to.deep.equal([[], []]);
    await turn();
    expect([one.got, two.got]).to.deep.equal([['a', 'c'], ['b']]);
  });

  it('ReadBatch processes reads earlier once its memory is full', async () => {
    const batch = new ReadBatch();
    const one = new Consumer(batch);
    const large = 'x'.repeat(60_000);
    for (let n = 0; n < 9; n++) one.read(large);
    expect(one.got.length).to.be.within(4, 8);
    await turn();
    expect(one.got.join('')).to.equal(large.repeat(9));
  });

  it('ReadBatch processes the reads of the other consumers when one of them throws', () => {
    const batch = new ReadBatch();
    const other = new Consumer(batch);
    const large = Buffer.alloc(200_000, 0x61);
    const bad: ReadConsumer = {
      onRead: () => {
        throw new Error('mine');
      },
    };
    batch.add(bad, large, 1);
    other.read('b');
    // The second large read has no room, so the waiting ones are processed first.
    batch.add(other, large, large.length);
    expect(() => batch.add(other, large, large.length)).to.throw('mine');
    expect(other.got.map((text) => text.length)).to.deep.equal([1, large.length]);
  });
});
