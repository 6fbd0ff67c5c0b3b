/** Letters of other alphabets whose lower case contains an ASCII letter. */
const lowerToAscii: Readonly<Record<string, string>> = { i: '\u0130', k: '\u212a' };

/** A run of ASCII, or two with a few other characters between them. */
const parts = /[\x00-\x7f]+(?:[^\x00-\x7f]{1,4}[\x00-\x7f]+)?/g;

/**
 * Returns a regular expression that matches at least every text in which `matcherOf` finds the search: it matches the
 * longest part of the search. An ASCII character becomes a class or an escape, so none is an operator. A run of other
 * characters becomes up to three characters of any kind for each, because a change of case can change the number of
 * characters. There is at most one such run, so the server's time is linear in the text. The store filters the
 * documents again by `matcherOf`.
 *
 * @returns undefined if the search has no ASCII character
 */
export function searchPattern(search: string): string | undefined {
  const [longest] = (search.match(parts) ?? []).toSorted((a, b) => b.length - a.length);
  return longest?.replace(/[^\x00-\x7f]+|[\s\S]/g, (character) => {
    if (character > '\x7f') return `[\\s\\S]{0,${3 * character.length}}`;
    if (!/[a-z]/i.test(character)) return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
    const lower = character.toLowerCase();
    return `[${lower}${lower.toUpperCase()}${lowerToAscii[lower] ?? ''}]`;
  });
}

/** True if {@link searchPattern} matches exactly what `matcherOf` matches, apart from letters that hardly occur. */
export function isExactPattern(search: string): boolean {
  return /^[\x01-\x7f]*$/.test(search);
}
