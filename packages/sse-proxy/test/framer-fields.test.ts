import { expect } from 'chai';
import { dribble, framing, push } from './support/frames.ts';

const idAfter = (bytes: string) => push(framing(), bytes).lastId;
const retryAfter = (bytes: string) => push(framing(), bytes).framer.retryMs;

describe('framing: id', () => {
  it('an id counts when its event is complete, not before [R23]', () => {
    const kept = push(framing(), 'id: 1\ndata: a\n\nid: 2\ndata: b\n');
    expect(kept.lastId).to.equal('1');
    push(kept, '\n');
    expect(kept.lastId).to.equal('2');
  });

  it('an id counts even where its event has no data [R23]', () => {
    expect(idAfter('id: 7\n\n')).to.equal('7');
    expect(idAfter('event: x\nid: 7\n\n')).to.equal('7');
  });

  it('an id with NUL is ignored, wherever the NUL is [R23]', () => {
    for (const id of ['\0', '8\0', '\x008', '8\x009']) expect(idAfter(`id: 7\n\nid: ${id}\n\n`)).to.equal('7');
    expect(idAfter('id: 7\nid: 8\0\n\n')).to.equal('7');
  });

  it('an empty id clears the cursor [R23]', () => {
    for (const field of ['id', 'id:', 'id: ']) expect(idAfter(`id: 7\n\n${field}\n\n`)).to.equal('');
    expect(idAfter('id\n\n')).to.equal('');
  });

  it('the last id of an event wins; one space after the colon is not part of it [R23]', () => {
    expect(idAfter('id: 7\nid: 8\ndata: a\n\n')).to.equal('8');
    expect(idAfter('id:8\n\n')).to.equal('8');
    expect(idAfter('id:  8 \n\n')).to.equal(' 8 ');
    expect(idAfter('id:\t8\n\n')).to.equal('\t8');
    expect(idAfter('id::8\n\n')).to.equal(':8');
    expect(idAfter('id: 8\r\r')).to.equal('8');
  });

  it('only a field named id counts [R23]', () => {
    expect(idAfter('ID: 8\n\nid : 8\n\n id: 8\n\nids: 8\n\ni: 8\n\n: id: 8\n\ndata: id: 8\n\n')).to.equal(undefined);
  });

  it('an id is kept as its UTF-8 bytes [R24]', () => {
    const bytes = Buffer.from('é→😀').toString('latin1');
    expect(idAfter(`id: ${bytes}\n\n`)).to.equal(bytes);
    expect(push(framing(), ...dribble(`id: ${bytes}\n\n`)).lastId).to.equal(bytes);
  });

  it('an id that was cut off with its connection does not count [R25]', () => {
    const kept = push(framing(), 'id: 42\n\nid: 43\n');
    kept.framer.restart();
    expect(kept.lastId).to.equal('42');
    push(kept, 'data: a\n\n');
    expect(kept.lastId).to.equal('42');
  });

  it('without ids, with repeated and with decreasing ids every event is handed on [input 30]', () => {
    expect(push(framing(), 'data: a\n\ndata: b\n\n').events).to.equal(2);
    const kept = push(framing(), 'id: 5\ndata: a\n\nid: 5\ndata: b\n\nid: 3\ndata: c\n\n');
    expect(kept.events).to.equal(3);
    expect(kept.lastId).to.equal('3');
  });
});

describe('framing: retry', () => {
  it('retry counts if it is all ASCII digits [R26]', () => {
    expect(retryAfter('retry: 2500\n\n')).to.equal(2_500);
    expect(retryAfter('retry:0\n\n')).to.equal(0);
    expect(retryAfter('retry: 007\ndata: a\n\n')).to.equal(7);
    expect(retryAfter('retry: 1\nretry: 2\n\n')).to.equal(2);
  });

  it('retry with anything else is ignored [R26] [input 29]', () => {
    for (const value of ['', ' ', '-1', '+1', '1e3', '1.5', '0x10', '1 ', '  1', '１', '\xb2', 'abc', '1\0']) {
      expect(retryAfter(`retry: ${value}\n\n`), JSON.stringify(value)).to.equal(undefined);
      expect(retryAfter(`retry: 9\n\nretry: ${value}\n\n`), JSON.stringify(value)).to.equal(9);
    }
    expect(retryAfter('retry\n\n')).to.equal(undefined);
    expect(retryAfter('Retry: 5\n\n')).to.equal(undefined);
    expect(retryAfter('retrys: 5\n\nretr: 5\n\n')).to.equal(undefined);
  });

  it('clamps a retry of 10^20 [R26] [input 29]', () => {
    expect(retryAfter(`retry: 1${'0'.repeat(20)}\n\n`)).to.equal(300_000);
  });

  it('a retry counts at once in front of an event, and within an event when the event is complete [R26]', () => {
    expect(retryAfter('retry: 5\n')).to.equal(5);
    expect(retryAfter('data: a\nretry: 5\n')).to.equal(undefined);
    expect(retryAfter('data: a\nretry: 5\n\n')).to.equal(5);
  });
});
