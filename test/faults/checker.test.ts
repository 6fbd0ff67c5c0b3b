import { expect } from 'chai';
import { Ledger } from './support/checker.ts';
import { frame } from './support/events.ts';

/** The data of event `sequence`, as a browser's parser returns it. */
function data(sequence: number, epoch = 0): string {
  return /data: (.*)\n/.exec(frame(epoch, sequence, 100, String(sequence)))?.[1] ?? '';
}

function counts(ledger: Ledger, head: number) {
  const { delivered, doubled, reordered, mangled } = ledger;
  return { delivered, doubled, reordered, mangled, lost: ledger.lost(head) };
}

function read(from: number | undefined, ...sequences: number[]): Ledger {
  const ledger = new Ledger(from);
  for (const sequence of sequences) ledger.take(data(sequence), String(sequence));
  return ledger;
}

describe('the checker of the fault tests', () => {
  const clean = { doubled: 0, reordered: 0, mangled: 0, lost: 0 };

  it('the checker counts no fault in a flawless stream', () => {
    expect(counts(read(1, 1, 2, 3), 3)).to.deep.equal({ ...clean, delivered: 3 });
    expect(counts(read(undefined, 7, 8), 8)).to.deep.equal({ ...clean, delivered: 2 });
  });

  it('the checker counts lost events: at the start, in the middle, at the end, and all of them', () => {
    expect(counts(read(1, 2, 3, 5), 7)).to.deep.equal({ ...clean, delivered: 3, lost: 4 });
    expect(counts(read(1), 7)).to.deep.equal({ ...clean, delivered: 0, lost: 7 });
  });

  it('the checker counts repeated and late events', () => {
    expect(counts(read(1, 1, 2, 2, 1), 2)).to.deep.equal({ ...clean, delivered: 4, doubled: 2 });
    expect(counts(read(1, 1, 3, 2, 2), 3)).to.deep.equal({ ...clean, delivered: 4, reordered: 1, doubled: 1 });
  });

  it('the checker counts events with a changed byte, two halves or another id as mangled', () => {
    const ledger = new Ledger(1);
    ledger.take(data(1).replace(/.$/, '~'), '1');
    ledger.take(data(2).slice(0, 40) + data(3).slice(40), '2');
    ledger.take(data(4), '5');
    expect(ledger.mangled).to.equal(3);
  });

  it('the checker accepts a gap in the place of an event, and no other place', () => {
    const ledger = read(1, 1, 2);
    ledger.discarded(3);
    ledger.discarded(5);
    expect(counts(ledger, 5)).to.deep.equal({ ...clean, delivered: 2, lost: 1 });
  });

  it('the checker expects the id of each event where several events share one', () => {
    const ledger = new Ledger(1, 2);
    for (const [sequence, id] of ['1', '1', '2', '3'].entries()) ledger.take(data(sequence + 1), id);
    expect(counts(ledger, 3)).to.deep.equal({ ...clean, delivered: 4, mangled: 1 });
  });

  it('the checker expects a new epoch from its first event, and keeps counting what the old one lost', () => {
    const ledger = read(1, 1, 3);
    ledger.take(data(2, 1), '2');
    expect(counts(ledger, 2)).to.deep.equal({ ...clean, delivered: 3, lost: 2 });
  });

  it('the checker counts events as announced that are missing directly behind a gap, and no others', () => {
    const ledger = read(1, 1, 2);
    ledger.gap();
    for (const sequence of [1, 5]) ledger.take(data(sequence), String(sequence));
    expect({ lost: ledger.lost(5), unannounced: ledger.unannounced }).to.deep.equal({ lost: 2, unannounced: 0 });
    ledger.take(data(7), '7');
    expect({ lost: ledger.lost(7), unannounced: ledger.unannounced }).to.deep.equal({ lost: 3, unannounced: 1 });
    ledger.take(data(4), '4');
    expect({ lost: ledger.lost(7), unannounced: ledger.unannounced }).to.deep.equal({ lost: 2, unannounced: 1 });
  });
});
