/** The text since the last blank line, or since an earlier one: an upper bound for the size of an unfinished event. */
export interface UnfinishedText {
  readonly chars: number;
  add(text: string): void;
  /** The text, behind a line end unless it is the start of the stream. */
  text(): string;
}

export function createUnfinishedText(): UnfinishedText {
  let pieces: string[] = [];
  let chars = 0;
  let lastChar = '';
  return {
    get chars() {
      return chars;
    },
    add(text) {
      const joined = lastChar + text;
      const end = Math.max(...['\n\n', '\n\r', '\r\r'].map((blankLine) => joined.lastIndexOf(blankLine)));
      if (end < 0) chars += pieces.push(text) && text.length;
      else {
        // The line end in front marks that this is not the start of the stream, which may have a BOM.
        pieces = [joined.slice(end + 1)];
        chars = pieces[0]!.length;
      }
      lastChar = text.slice(-1) || lastChar;
    },
    text: () => pieces.join(''),
  };
}
