import * as zlib from 'node:zlib';

const { Z_FULL_FLUSH, Z_SYNC_FLUSH } = zlib.constants;
const WINDOW_BITS = 13;
const WINDOW_BYTES = 2 ** WINDOW_BITS;

/** What goes out in one flush. */
export function unitsOf(events: readonly Buffer[], perFlush: number): Buffer[] {
  const count = Math.ceil(events.length / perFlush);
  return Array.from({ length: count }, (_, at) => Buffer.concat(events.slice(at * perFlush, (at + 1) * perFlush)));
}

/** A way to compress a stream, unit by unit. */
export interface Way {
  readonly name: string;
  compress(units: readonly Buffer[]): Buffer[] | Promise<Buffer[]>;
  decode(bytes: Buffer): Buffer;
  /** The earlier bytes that a late browser needs before it can decode the next unit. undefined: none can join late. */
  readonly joining?: (had: Buffer) => Buffer;
}

const nothing = () => Buffer.alloc(0);
const inflate = (bytes: Buffer) => zlib.inflateRawSync(bytes, { finishFlush: Z_SYNC_FLUSH });

// Raw deflate: a gzip stream for a browser is a head of ten bytes, followed by exactly these bytes.
export const ways: readonly Way[] = [
  {
    name: 'zstd, a frame each',
    compress: (units) => units.map((unit) => zlib.zstdCompressSync(unit)),
    decode: (bytes) => zlib.zstdDecompressSync(bytes),
    joining: nothing,
  },
  {
    name: 'deflate, full flush each',
    compress: (units) => units.map((unit) => zlib.deflateRawSync(unit, { finishFlush: Z_FULL_FLUSH })),
    decode: inflate,
    joining: nothing,
  },
  {
    name: 'deflate, shared window of 8 KB',
    compress(units) {
      let dictionary = nothing();
      return units.map((unit) => {
        const options = { windowBits: WINDOW_BITS, dictionary, finishFlush: Z_SYNC_FLUSH };
        dictionary = Buffer.concat([dictionary, unit]).subarray(-WINDOW_BYTES);
        return zlib.deflateRawSync(unit, options);
      });
    },
    decode: inflate,
    joining: (had) => had.subarray(-WINDOW_BYTES),
  },
  {
    name: 'gzip, a stream per browser: CPU for each',
    async compress(units) {
      const gzip = zlib.createGzip();
      const made: Buffer[] = [];
      gzip.on('data', (bytes: Buffer) => made.push(bytes));
      const sent: Buffer[] = [];
      for (const unit of units) {
        gzip.write(unit);
        await new Promise<void>((flushed) => gzip.flush(Z_SYNC_FLUSH, flushed));
        sent.push(Buffer.concat(made.splice(0)));
      }
      gzip.destroy();
      return sent;
    },
    decode: (bytes) => zlib.gunzipSync(bytes, { finishFlush: Z_SYNC_FLUSH }),
  },
];

/**
 * Decodes for a browser that was there from the start, and for one that joins in the middle.
 * @throws if what they get is not what was sent
 */
export async function check(way: Way, units: readonly Buffer[], sent: readonly Buffer[]): Promise<void> {
  const middle = way.joining ? Math.floor(units.length / 2) : 0;
  for (const from of new Set([0, middle])) {
    const given = way.joining?.(Buffer.concat(units.slice(0, from))) ?? nothing();
    const first = given.length > 0 ? await way.compress([given]) : [];
    const got = way.decode(Buffer.concat([...first, ...sent.slice(from)]));
    if (got.equals(Buffer.concat([given, ...units.slice(from)]))) continue;
    throw new Error(`${way.name}: decoded from unit ${from} of ${units.length} on, it is not what was sent`);
  }
}
