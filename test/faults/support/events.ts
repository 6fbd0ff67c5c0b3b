import { crc32 } from 'node:zlib';

/**
 * One numbered event of about `bytes`. Its text depends on the arguments only, so every process can check it.
 * @param id none if undefined
 */
export function frame(epoch: number, sequence: number, bytes: number, id: string | undefined): string {
  const padding = letters(sequence, Math.max(0, bytes - 50));
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `${idLine}data: ${epoch} ${sequence} ${checksum(epoch, sequence, padding)} ${padding}\n\n`;
}

/** The id of event number `sequence` of an upstream that gives the same id to `perId` events in a row. */
export function idOf(sequence: number, perId = 1): string {
  return String(Math.ceil(sequence / perId));
}

/** Reads the numbers from an event's data; undefined if its checksum is wrong. */
export function readFrame(data: string): { epoch: number; sequence: number } | undefined {
  const [epoch, sequence, sum, padding] = data.split(' ');
  if (padding === undefined || sum !== checksum(Number(epoch), Number(sequence), padding)) return undefined;
  return { epoch: Number(epoch), sequence: Number(sequence) };
}

function checksum(epoch: number, sequence: number, padding: string): string {
  return crc32(`${epoch} ${sequence} ${padding}`).toString(16);
}

// The padding differs between events, so that two halves of different events have no valid checksum.
function letters(sequence: number, length: number): string {
  return (sequence * 2_654_435_761)
    .toString(36)
    .repeat(Math.ceil(length / 6))
    .slice(0, length);
}
