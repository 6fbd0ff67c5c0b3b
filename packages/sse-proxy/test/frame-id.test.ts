import { expect } from 'chai';
import fc from 'fast-check';
import { Digest } from '../src/feed/digest.ts';
import { frameId, readId } from '../src/sse/fields.ts';

describe('ids of frames', () => {
  const id = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1')),
    fc.bigInt({ min: 0n, max: 10n ** 17n }).map(String),
    fc.constantFrom('', '0', '00', '007', '-1', '1e3', '1.5', '999999999999999', '1000000000000000', ' 1', '1 '),
  );

  it('ids of frames keep every byte, whether they are read as a number or as a string [R24]', () => {
    fc.assert(
      fc.property(id, (text) => {
        const bytes = Buffer.from(`id:${text}`, 'latin1');
        const read = readId(bytes, 3, bytes.length);
        expect(String(read)).to.equal(text);
        expect(frameId(text)).to.equal(read);
      }),
    );
  });

  it('different ids have different digests, however they are written [R35]', () => {
    const digest = new Digest();
    const digests = new Set<string>();
    const ids = [0, 1, 2 ** 32, 2 ** 32 + 1, 1_700_000_000_000, 999_999_999_999_999, '', '00', '01', 'a', 'b', '\0'];
    for (const each of ids) {
      digest.ofId(each);
      digests.add(`${digest.high}.${digest.low}`);
    }
    expect(digests.size).to.equal(ids.length);
  });
});

describe('digests of frames', () => {
  it('a digest of a frame changes in both halves with any single bit, at any length [R35]', () => {
    const digest = new Digest();
    for (let length = 1; length <= 40; length++) {
      const bytes = Buffer.alloc(length, 'x');
      digest.ofBytes(bytes, 0, length);
      const { high, low } = digest;
      for (let bit = 0; bit < length * 8; bit++) {
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        digest.ofBytes(bytes, 0, length);
        expect([digest.high === high, digest.low === low], `bit ${bit} of ${length} bytes`).to.deep.equal([
          false,
          false,
        ]);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      }
    }
  });

  it('digests differ between frames of which one is longer by NULs', () => {
    const digest = new Digest();
    const digests = new Set<string>();
    for (let length = 0; length <= 64; length++) {
      digest.ofBytes(Buffer.alloc(length), 0, length);
      digests.add(`${digest.high}.${digest.low}`);
    }
    expect(digests.size).to.equal(65);
  });
});
