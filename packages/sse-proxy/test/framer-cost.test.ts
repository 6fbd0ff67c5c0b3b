import { expect } from 'chai';
import { framing } from './support/frames.ts';

interface Work {
  /** Bytes copied, allocated, and searched through. */
  copied: number;
  allocated: number;
  searched: number;
}

/** Counts the work of Buffer's methods during `run`: the cost of the algorithm, whatever the machine. */
function measure(run: () => void): Work {
  const work: Work = { copied: 0, allocated: 0, searched: 0 };
  const { copy, indexOf, includes } = Buffer.prototype;
  const search = (buffer: Buffer, what: number, from = 0) => {
    const at = indexOf.call(buffer, what, from);
    work.searched += (at === -1 ? buffer.length : at + 1) - from;
    return at;
  };
  const { alloc, allocUnsafe, allocUnsafeSlow, concat } = Buffer;
  const allocating =
    <T extends (size: number, ...rest: never[]) => unknown>(original: T) =>
    (size: number, ...rest: never[]) => {
      work.allocated += size;
      return original(size, ...rest);
    };
  Object.assign(Buffer.prototype, {
    copy(this: Buffer, ...args: Parameters<typeof copy>) {
      const copied = copy.apply(this, args);
      work.copied += copied;
      return copied;
    },
    indexOf(this: Buffer, what: number, from?: number) {
      return search(this, what, from);
    },
    includes(this: Buffer, what: number, from?: number) {
      return search(this, what, from) !== -1;
    },
  });
  Object.assign(Buffer, {
    alloc: allocating(alloc),
    allocUnsafe: allocating(allocUnsafe),
    allocUnsafeSlow: allocating(allocUnsafeSlow),
    concat(list: Buffer[]) {
      const joined = concat(list);
      work.copied += joined.length;
      return joined;
    },
  });
  try {
    run();
  } finally {
    Object.assign(Buffer.prototype, { copy, indexOf, includes });
    Object.assign(Buffer, { alloc, allocUnsafe, allocUnsafeSlow, concat });
  }
  return work;
}

const singles = (bytes: string) => [...Buffer.from(bytes)].map((byte) => Buffer.of(byte));

describe('framing: cost', () => {
  it('copies an event that arrives in single bytes a few times per byte, not once per byte as a whole [row 8]', () => {
    const bytes = `data: ${'x'.repeat(99_990)}\n\n`;
    const chunks = singles(bytes);
    const kept = framing();
    const work = measure(() => {
      for (const chunk of chunks) kept.framer.push(chunk);
    });
    expect(kept.bytes() === bytes).to.equal(true);
    expect(work.copied).to.be.within(bytes.length, 3 * bytes.length);
    expect(work.allocated).to.be.within(bytes.length, 4 * bytes.length);
    expect(work.searched).to.be.at.most(6 * bytes.length);
  });

  it('copies an event of many short lines only a few times [row 8]', () => {
    const bytes = `${'data: x\n'.repeat(5_000)}\n`;
    const chunks = singles(bytes);
    const kept = framing();
    const work = measure(() => {
      for (const chunk of chunks) kept.framer.push(chunk);
    });
    expect(kept.events).to.equal(1);
    expect(work.copied).to.be.at.most(3 * bytes.length);
    expect(work.searched).to.be.at.most(6 * bytes.length);
  });

  it('neither copies events within one chunk nor allocates memory for them [row 9]', () => {
    const chunk = Buffer.from('id: 1\ndata: hello\n\n'.repeat(1_000));
    const kept = framing();
    const work = measure(() => kept.framer.push(chunk));
    expect(kept.events).to.equal(1_000);
    expect(work).to.include({ copied: 0, allocated: 0 });
    expect(work.searched).to.be.at.most(4 * chunk.length);
  });

  it('copies only events that span chunks, and only once [row 9]', () => {
    const event = 'id: 1\ndata: hello\n\n';
    const stream = Buffer.from(event.repeat(1_000));
    const half = stream.length / 2 + 5;
    const kept = framing();
    const work = measure(() => {
      kept.framer.push(stream.subarray(0, half));
      kept.framer.push(stream.subarray(half));
    });
    expect(kept.events).to.equal(1_000);
    expect(work.copied).to.equal(event.length);
  });

  it('the framer holds no more memory than maxEventBytes while an event grows', () => {
    const kept = framing(10_000);
    const sizes: number[] = [];
    const { allocUnsafeSlow } = Buffer;
    Buffer.allocUnsafeSlow = (size) => {
      sizes.push(size);
      return allocUnsafeSlow(size);
    };
    try {
      for (const chunk of singles('x'.repeat(10_000))) kept.framer.push(chunk);
    } finally {
      Buffer.allocUnsafeSlow = allocUnsafeSlow;
    }
    expect(sizes.length).to.be.within(2, 20);
    expect(Math.max(...sizes)).to.equal(10_000);
  });
});
