import type { Socket } from 'node:net';
import { expect } from 'chai';
import { BodyReader, onread } from '../src/upstream/fast-body/body-reader.ts';

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const turn = () => new Promise(setImmediate);

/** A reader whose socket is read by hand, so that each read comes at the moment that matters. */
function reading() {
  const got: string[] = [];
  const ends: string[] = [];
  let resumes = 0;
  let callback = onread.callback;
  const reader = new BodyReader(
    { onData: (bytes) => void got.push(bytes.toString()) },
    { onBodyEnd: () => void ends.push('end'), onBodyError: (error) => void ends.push(error.message) },
  );
  reader.attach(() => {
    ({ callback } = onread);
    return { push: () => true, resume: () => void resumes++ } as unknown as Socket;
  });
  /** Says whether more may be read. */
  const read = (text: string) => callback(onread.buffer.write(text, 'latin1'));
  read(head);
  reader.takeOver({ 'transfer-encoding': 'chunked' });
  return { reader, read, got, ends, resumes: () => resumes };
}

describe("reads of an upstream's body", () => {
  // The first read of a turn does not wait; the others, of all sockets, do.
  let first: ReturnType<typeof reading>;
  beforeEach(async () => {
    await turn();
    first = reading();
    first.read(chunk('first'));
  });

  it('go on at once if they are the first of their turn, else at its end', async () => {
    const other = reading();
    other.read(chunk('a'));
    first.read(chunk('again'));
    expect([first.got, other.got]).to.deep.equal([['first'], []]);
    await turn();
    expect([first.got, other.got]).to.deep.equal([['first', 'again'], ['a']]);
  });

  it('keep their order where a pause begins while some of them wait for the end of the turn', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.pause();
    it.read(chunk('b'));
    await turn();
    it.read(chunk('c'));
    expect(it.got).to.deep.equal([]);
    it.reader.resume();
    expect(it.got).to.deep.equal(['a', 'b', 'c']);
  });

  it('keep their order where a pause begins and ends within one turn', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.pause();
    it.read(chunk('b'));
    it.reader.resume();
    it.read(chunk('c'));
    await turn();
    expect(it.got).to.deep.equal(['a', 'b', 'c']);
  });

  it('stop while 64 KB wait for a pause to end, and go on after it', () => {
    const it = reading();
    it.reader.pause();
    expect([it.read(chunk('x'.repeat(40_000))), it.read(chunk('y'.repeat(40_000)))]).to.deep.equal([true, false]);
    expect(it.resumes()).to.equal(0);
    it.reader.resume();
    expect(it.got.map((body) => body.length)).to.deep.equal([40_000, 40_000]);
    expect(it.resumes()).to.equal(1);
  });

  it('all come before the end of their connection', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.drained(() => it.ends.push(`after ${it.got.length}`));
    expect(it.ends).to.deep.equal([]);
    await turn();
    expect(it.ends).to.deep.equal(['after 1']);
  });

  it('come before the end where a pause holds them up, and a connection that has ended is not read on', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.pause();
    it.read(chunk('x'.repeat(40_000)));
    await turn();
    expect(it.read(chunk('y'.repeat(40_000)))).to.equal(false);
    it.reader.drained(() => {
      it.ends.push(`after ${it.got.length}`);
      it.reader.close();
    });
    expect(it.ends).to.deep.equal([]);
    it.reader.resume();
    expect([it.ends, it.resumes()]).to.deep.equal([['after 3'], 0]);
  });

  it('are dropped once nobody wants them', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.close();
    await turn();
    expect([it.got, it.read(chunk('b'))]).to.deep.equal([[], false]);
  });

  it('end with the last chunk, wherever it lies', async () => {
    const it = reading();
    it.read(`${chunk('a')}0\r\n`);
    it.read('\r\n');
    await turn();
    expect([it.got, it.ends]).to.deep.equal([['a'], ['end']]);
  });
});
