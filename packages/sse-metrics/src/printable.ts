const maxLength = 200;

/**
 * Controls, invisible format characters, line and paragraph separators, and lone surrogates: they could be used to
 * forge a log line.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text from outside as a log line or a page may contain it: without control characters, and of at most 200 characters
 * before they are escaped.
 */
export function printable(text: string): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return cut.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
