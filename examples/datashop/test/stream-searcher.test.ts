import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { Searcher, type SearchPort } from '../web/src/stream/logic/searcher.ts';

/** A worker thread in place of a browser's worker. */
class Thread implements SearchPort {
  static live = 0;
  onmessage: SearchPort['onmessage'] = null;
  readonly ended: Promise<unknown>;
  readonly #worker = new Worker(new URL('./support/search-worker.ts', import.meta.url));

  constructor() {
    Thread.live += 1;
    this.#worker.on('message', (data) => this.onmessage?.({ data } as MessageEvent));
    this.ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    void this.ended.then(() => {
      Thread.live -= 1;
    });
  }

  postMessage(request: Parameters<SearchPort['postMessage']>[0]): void {
    this.#worker.postMessage(request);
  }

  terminate(): void {
    void this.#worker.terminate();
  }
}

describe('Searcher', () => {
  const threads: Thread[] = [];
  const open = () => {
    const thread = new Thread();
    threads.push(thread);
    return thread;
  };
  let searcher: Searcher;
  /** Takes time exponential in the length of the line. */
  const endless = /^(a+)+$/gim;
  const trap = `${'a'.repeat(60)}!`;
  /** No test waits for this limit. */
  const limitMs = 60_000;

  beforeEach(() => {
    searcher = new Searcher(open);
  });

  afterEach(async () => {
    searcher.close();
    await Promise.all(threads.splice(0).map(({ ended }) => ended));
    expect(Thread.live).to.equal(0);
  });

  it('Searcher returns hits and marks for each text', async () => {
    const answer = await searcher.match(/row \d+/gim, ['Row 12', 'none', 'a row 3, row 4'], limitMs);
    expect(answer).to.deep.include({
      kind: 'matches',
      matches: {
        hits: Uint8Array.of(1, 0, 1),
        marks: Uint32Array.of(0, 6, 2, 7, 9, 14),
        ends: Uint32Array.of(2, 2, 6),
      },
    });
  });

  it('Searcher stops a pattern that exceeds the time limit, and runs the next one', async () => {
    expect(await searcher.match(endless, [trap], 300)).to.deep.equal({ kind: 'stopped' });
    expect(await searcher.match(/a/gim, [trap], limitMs)).to.include({ kind: 'matches' });
  });

  it('Searcher ends a request with the next one, and terminates its worker if that does not reply soon', async () => {
    const first = searcher.match(endless, [trap], limitMs);
    const second = searcher.match(/a/gim, ['a'], limitMs);
    const third = searcher.match(/!/gim, [trap], limitMs);
    expect(await Promise.all([first, second])).to.deep.equal(Array(2).fill({ kind: 'superseded' }));
    expect(await third).to.deep.include({
      matches: { hits: Uint8Array.of(1), marks: Uint32Array.of(60, 61), ends: Uint32Array.of(2) },
    });
    expect(threads).to.have.length(2);
  });

  it('Searcher terminates a worker that goes on after its request was stopped', async () => {
    void searcher.match(endless, [trap], limitMs);
    searcher.stop();
    await threads[0]!.ended;
    expect(await searcher.match(/a/gim, [trap], limitMs)).to.include({ kind: 'matches' });
  });

  it('Searcher keeps its worker when a request ends another one that is not endless, as each typed letter does', async () => {
    searcher = new Searcher(open, limitMs);
    const texts = Array.from({ length: 1_000 }, (_, index) => `row ${index}`);
    const answers = ['r', 'ro', 'row', 'row 7'].map((text) => searcher.match(new RegExp(text, 'gim'), texts, limitMs));
    expect((await Promise.all(answers)).map(({ kind }) => kind)).to.deep.equal([
      'superseded',
      'superseded',
      'superseded',
      'matches',
    ]);
    expect(threads).to.have.length(1);
  });

  it('Searcher reports a pattern that is too large to run', async () => {
    const answer = await searcher.match(new RegExp('a'.repeat(2_000_000), 'gim'), ['ab'], limitMs);
    expect(answer).to.include({ kind: 'failed' });
    expect(await searcher.match(/a/gim, ['a'], limitMs)).to.include({ kind: 'matches' });
  });

  it('Searcher uses one worker for consecutive requests', async () => {
    for (let turn = 0; turn < 3; turn += 1) await searcher.match(/a/gim, ['a'], limitMs);
    expect(threads).to.have.length(1);
  });
});
