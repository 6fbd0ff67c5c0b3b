/** Data up to this length is compared as it is. */
const maxExactChars = 64;

/**
 * The key by which a repeated event is recognised: its id, type and data. '' for an event without an id, which is never
 * recognised as a repeat. Longer data is represented by its length and two independent 32-bit hashes, so that the key
 * does not retain it.
 */
export function fingerprint({ id, event, data }: { id: string; event: string; data: string }): string {
  if (id === '') return '';
  if (data.length <= maxExactChars) return `${id}\0${event}\0${data}`;
  let first = 1;
  let second = 2;
  for (let index = 0; index < data.length; index++) {
    const char = data.charCodeAt(index);
    first = Math.imul(first ^ char, 0x01000193);
    second = Math.imul(second ^ char, 0x85ebca6b) ^ (second >>> 13);
  }
  return `${id}\0${event}\0${data.length}\0${first}\0${second}`;
}

/** The id in a fingerprint. */
export const idOf = (print: string): string => print.slice(0, print.indexOf('\0'));
