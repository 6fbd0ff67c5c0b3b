import { lzw } from './gif-lzw.ts';
import type { Frame } from './record-page.ts';

/** Bits of a pixel. The last colour stands for "as before". */
const bits = 6;
const unchanged = 2 ** bits - 1;

const short = (value: number) => [value & 0xff, value >> 8];

/** Encodes frames of one size as an endless GIF. [spec] GIF89a */
export function encodeGif(frames: readonly Frame[]): Buffer {
  const { width, height } = frames[0]!;
  const palette = paletteOf(frames);
  const colourTable = new Uint8Array(3 * 2 ** bits);
  for (const [index, colour] of palette.entries()) {
    colourTable.set([colour >> 16, (colour >> 8) & 0xff, colour & 0xff], 3 * index);
  }
  const nearest = nearestIn(palette);
  const parts: Uint8Array[] = [
    Buffer.from('GIF89a'),
    Buffer.from([...short(width), ...short(height), 0xf0 | (bits - 1), 0, 0]),
    colourTable,
    // Repeats for ever.
    Buffer.concat([Buffer.from([0x21, 0xff, 11]), Buffer.from('NETSCAPE2.0'), Buffer.from([3, 1, 0, 0, 0])]),
  ];
  let before: Uint8Array | undefined;
  for (const frame of frames) {
    const pixels = coloursOf(frame).map(nearest);
    const drawn = before ? pixels.map((colour, at) => (colour === before?.[at] ? unchanged : colour)) : pixels;
    const delay = short(Math.round(frame.shownMs / 10));
    parts.push(
      // Leaves the frame on the screen, and one colour of it is transparent.
      Buffer.from([0x21, 0xf9, 4, 0b101, ...delay, unchanged, 0]),
      Buffer.from([0x2c, 0, 0, 0, 0, ...short(width), ...short(height), 0]),
      lzw(Uint8Array.from(drawn), bits),
    );
    before = Uint8Array.from(pixels);
  }
  return Buffer.concat([...parts, Buffer.from([0x3b])]);
}

/** Each pixel as 0xRRGGBB. */
function coloursOf({ rgba }: Frame): Uint32Array {
  const colours = new Uint32Array(rgba.length / 4);
  for (let at = 0; at < colours.length; at += 1) {
    colours[at] = (rgba[4 * at]! << 16) | (rgba[4 * at + 1]! << 8) | rgba[4 * at + 2]!;
  }
  return colours;
}

/**
 * The palette of all frames. Each further colour is the one that the palette renders worst, weighed by how often it occurs: by
 * frequency alone, the greys of smoothed letters would displace the green of a small dot.
 */
function paletteOf(frames: readonly Frame[]): number[] {
  const counts = new Map<number, number>();
  for (const frame of frames) {
    for (const colour of coloursOf(frame)) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const candidates = [...counts].map(([colour, count]) => ({ colour, weight: Math.sqrt(count), error: 256 ** 2 * 3 }));
  const palette: number[] = [];
  while (palette.length < Math.min(unchanged, candidates.length)) {
    const worst = candidates.reduce((a, b) => (b.error * b.weight > a.error * a.weight ? b : a));
    palette.push(worst.colour);
    for (const it of candidates) it.error = Math.min(it.error, distance(it.colour, worst.colour));
  }
  return palette;
}

/** Returns a function that finds the index of the most similar colour. */
function nearestIn(palette: readonly number[]): (colour: number) => number {
  const known = new Map<number, number>();
  return (colour) => {
    const before = known.get(colour);
    if (before !== undefined) return before;
    const distances = palette.map((other) => distance(colour, other));
    const index = distances.indexOf(Math.min(...distances));
    known.set(colour, index);
    return index;
  };
}

function distance(a: number, b: number): number {
  return [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 0xff) - ((b >> shift) & 0xff)) ** 2, 0);
}
