import { crc32 } from 'node:zlib';

/** One numbered event of the upstream, of about `bytes`. The same for the same numbers, in whichever process. */
export function frame(epoch: number, sequence: number, bytes: number, withId: boolean): string {
  const padding = letters(sequence, Math.max(0, bytes - 50));
  const id = withId ? `id: ${sequence}\n` : '';
  return `${id}data: ${epoch} ${sequence} ${checksum(epoch, sequence, padding)} ${padding}\n\n`;
}

/** What the data of an event says of itself; undefined if it is not as it was sent. */
export function readFrame(data: string): { epoch: number; sequence: number } | undefined {
  const [epoch, sequence, sum, padding] = data.split(' ');
  if (padding === undefined || sum !== checksum(Number(epoch), Number(sequence), padding)) return undefined;
  return { epoch: Number(epoch), sequence: Number(sequence) };
}

function checksum(epoch: number, sequence: number, padding: string): string {
  return crc32(`${epoch} ${sequence} ${padding}`).toString(16);
}

// Differs from one event to the next, so that halves of two events never make a whole one.
function letters(sequence: number, length: number): string {
  return (sequence * 2_654_435_761)
    .toString(36)
    .repeat(Math.ceil(length / 6))
    .slice(0, length);
}
