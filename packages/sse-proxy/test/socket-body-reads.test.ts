import type { Socket } from 'node:net';
import { expect } from 'chai';
import { onread, SocketBody } from '../src/upstream/fast-body/socket-body.ts';

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const turn = () => new Promise(setImmediate);

/** A SocketBody whose reads are triggered by hand, so that a test chooses the moment of each. */
function reading() {
  const got: string[] = [];
  const ends: string[] = [];
  let resumes = 0;
  let callback = onread.callback;
  const reader = new SocketBody(
    { onData: (bytes) => void got.push(bytes.toString()) },
    { onBodyEnd: () => void ends.push('end'), onBodyError: (error) => void ends.push(error.message) },
  );
  reader.attach(() => {
    ({ callback } = onread);
    return { push: () => true, resume: () => void resumes++ } as unknown as Socket;
  });
  /** Returns false if reading has to stop. */
  const read = (text: string) => callback(onread.buffer.write(text, 'latin1'));
  read(head);
  reader.takeOver({ 'transfer-encoding': 'chunked' }, true);
  reader.start();
  return { reader, read, got, ends, resumes: () => resumes };
}

describe('SocketBody', () => {
  // The first read of a turn is delivered at once; the others, of all sockets, are batched.
  let first: ReturnType<typeof reading>;
  beforeEach(async () => {
    await turn();
    first = reading();
    first.read(chunk('first'));
  });

  it('SocketBody delivers the first read of a turn at once and the others at the end of the turn', async () => {
    const other = reading();
    other.read(chunk('a'));
    first.read(chunk('again'));
    expect([first.got, other.got]).to.deep.equal([['first'], []]);
    await turn();
    expect([first.got, other.got]).to.deep.equal([['first', 'again'], ['a']]);
  });

  it('SocketBody keeps the order of reads when a pause begins while some of them are batched', async () => {
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

  it('SocketBody keeps the order of reads when a pause begins and ends within one turn', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.pause();
    it.read(chunk('b'));
    it.reader.resume();
    it.read(chunk('c'));
    await turn();
    expect(it.got).to.deep.equal(['a', 'b', 'c']);
  });

  it('SocketBody stops reading the socket at 64 KiB of buffered bytes and resumes after the pause', () => {
    const it = reading();
    it.reader.pause();
    expect([it.read(chunk('x'.repeat(40_000))), it.read(chunk('y'.repeat(40_000)))]).to.deep.equal([true, false]);
    expect(it.resumes()).to.equal(0);
    it.reader.resume();
    expect(it.got.map((body) => body.length)).to.deep.equal([40_000, 40_000]);
    expect(it.resumes()).to.equal(1);
  });

  it('SocketBody delivers batched reads before it reports the end of the connection', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.drained(() => it.ends.push(`after ${it.got.length}`));
    expect(it.ends).to.deep.equal([]);
    await turn();
    expect(it.ends).to.deep.equal(['after 1']);
  });

  it('SocketBody delivers reads that a pause held up before it reports the end, and does not resume the ended socket', async () => {
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

  it('SocketBody drops batched reads after close()', async () => {
    const it = reading();
    it.read(chunk('a'));
    it.reader.close();
    await turn();
    expect([it.got, it.read(chunk('b'))]).to.deep.equal([[], false]);
  });

  it('SocketBody reports the end at the last chunk, also when it arrives in two reads', async () => {
    const it = reading();
    it.read(`${chunk('a')}0\r\n`);
    it.read('\r\n');
    await turn();
    expect([it.got, it.ends]).to.deep.equal([['a'], ['end']]);
  });
});
