/** Letters of other alphabets whose lower case contains an ASCII letter. */
const lowerToAscii: Readonly<Record<string, string>> = { i: '\u0130', k: '\u212a' };

/** A run of ASCII, or two with a few other characters between them. */
const parts = /[\x00-\x7f]+(?:[^\x00-\x7f]{1,4}[\x00-\x7f]+)?/g;

/**
 * A regular expression that matches at least every text in which `matcherOf` finds the search: the longest of its
 * parts. Each character of ASCII is matched by a class or a code of its own, so none has a meaning in the expression;
 * other ones by up to three characters of any kind, because letters outside of ASCII change their number with their
 * case. There is at most one such place, so the server's time is linear in the text. The store checks what it gets by
 * `matcherOf`.
 *
 * @returns undefined without a character of ASCII
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

/** True if {@link searchPattern} matches, but for letters that nobody types, exactly what `matcherOf` matches. */
export function isExactPattern(search: string): boolean {
  return /^[\x01-\x7f]*$/.test(search);
}
