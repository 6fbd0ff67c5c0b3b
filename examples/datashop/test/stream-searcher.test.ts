import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { hitVerdict, missVerdict } from '../web/src/stream/logic/match-texts.ts';
import { Searcher, type SearchPort } from '../web/src/stream/logic/searcher.ts';

/** A thread of this process in the place of a browser's worker. */
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

describe('patterns in a worker', () => {
  const threads: Thread[] = [];
  const open = () => {
    const thread = new Thread();
    threads.push(thread);
    return thread;
  };
  let searcher: Searcher;
  /** Doubles with every character: a line of 60 would outlast the machine. */
  const endless = /^(a+)+$/gim;
  const trap = `${'a'.repeat(60)}!`;
  /** Generous, since nothing waits for it to pass. */
  const patienceMs = 60_000;

  beforeEach(() => {
    searcher = new Searcher(open);
  });

  afterEach(async () => {
    searcher.close();
    await Promise.all(threads.splice(0).map(({ ended }) => ended));
    expect(Thread.live).to.equal(0);
  });

  it('judge each text', async () => {
    const answer = await searcher.match(/row \d+/gim, ['Row 12', 'none', 'a row 3'], patienceMs);
    expect(answer).to.deep.equal({ verdicts: Uint8Array.of(hitVerdict, missVerdict, hitVerdict) });
  });

  it('are stopped when they do not come to an end, and the next one is judged', async () => {
    expect(await searcher.match(endless, [trap], 300)).to.equal('stopped');
    expect(await searcher.match(/a/gim, [trap], patienceMs)).to.deep.equal({ verdicts: Uint8Array.of(hitVerdict) });
  });

  it('give way to the next one at once', async () => {
    const first = searcher.match(endless, [trap], patienceMs);
    const second = searcher.match(/!/gim, [trap], patienceMs);
    expect(await first).to.equal('superseded');
    expect(await second).to.deep.equal({ verdicts: Uint8Array.of(hitVerdict) });
  });

  it('use one worker for many questions', async () => {
    for (let turn = 0; turn < 3; turn += 1) await searcher.match(/a/gim, ['a'], patienceMs);
    expect(threads).to.have.length(1);
  });
});
