/** Letters of other alphabets whose lower case contains an ASCII letter. */
const lowerToAscii: Readonly<Record<string, string>> = { i: '\u0130', k: '\u212a' };

/**
 * A regular expression that matches at least every text in which `matcherOf` finds the search: its longest run of ASCII, since
 * letters outside of ASCII change their number with their case. Each character is matched by a class or a code of its own, so
 * none has a meaning in the expression, and nothing is repeated, so the server's time is linear in the text. The store
 * checks what it gets by `matcherOf`.
 *
 * @returns undefined without a character of ASCII
 */
export function searchPattern(search: string): string | undefined {
  const runs = search.match(/[\x01-\x7f]+/g) ?? [];
  const [longest] = runs.toSorted((a, b) => b.length - a.length);
  return longest?.replace(/[\s\S]/g, (character) => {
    if (!/[a-z]/i.test(character)) return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
    const lower = character.toLowerCase();
    return `[${lower}${lower.toUpperCase()}${lowerToAscii[lower] ?? ''}]`;
  });
}

/** True if {@link searchPattern} matches, but for letters that nobody types, exactly what `matcherOf` matches. */
export function isExactPattern(search: string): boolean {
  return /^[\x01-\x7f]*$/.test(search);
}
