/** Letters of other alphabets whose lower case contains an ASCII letter. */
const lowerToAscii: Readonly<Record<string, string>> = { i: '\u0130', k: '\u212a' };

/**
 * A regular expression that matches at least every text in which `matcherOf` finds the search. Each character of ASCII is
 * matched by a class or a code of its own, so none has a meaning in the expression; each other one by up to three
 * characters of any kind, because letters outside of ASCII change their number with their case. The store checks what it
 * gets by `matcherOf`.
 */
export function searchPattern(search: string): string {
  return Array.from(search, (character) => {
    if (character > '\x7f') return '[\\s\\S]{0,3}';
    if (!/[a-z]/i.test(character)) return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
    const lower = character.toLowerCase();
    return `[${lower}${lower.toUpperCase()}${lowerToAscii[lower] ?? ''}]`;
  }).join('');
}

/** True if {@link searchPattern} matches, but for letters that nobody types, exactly what `matcherOf` matches. */
export function isExactPattern(search: string): boolean {
  return /^[\x01-\x7f]*$/.test(search);
}
