import Anser from 'anser';
import type { Style } from './segments.ts';

const noStyles: readonly Style[] = [];
const escapeCharacter = '\u001b';
/** Sequences that move the cursor or erase: they mean nothing in a list of lines. */
const otherSequences = /\u001b(?:\[[0-9;?]*[A-LN-Za-ln-z]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Colours and other styles of a terminal, as class names. The text is free of escape sequences. */
export function readAnsi(text: string): { text: string; styles: readonly Style[] } {
  if (!text.includes(escapeCharacter)) return { text, styles: noStyles };
  const styles: Style[] = [];
  let plain = '';
  const parts = Anser.ansiToJson(text.replace(otherSequences, ''), { use_classes: true, remove_empty: true });
  for (const { content, fg, bg, decorations } of parts) {
    const names = [fg, bg && `${bg}-bg`, ...decorations.map((name) => `ansi-${name}`)].filter(Boolean);
    if (names.length > 0) {
      styles.push({ from: plain.length, to: plain.length + content.length, className: names.join(' ') });
    }
    plain += content;
  }
  return { text: plain, styles };
}
