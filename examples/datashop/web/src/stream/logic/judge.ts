import { highlight, matches } from './search.ts';

/** What a search made of a line. `SLOW`: found, but marking it again and again would hold up the page. */
export const MISS = 0;
export const HIT = 1;
export const SLOW = 2;

/** A page that draws 40 lines in a frame can afford no more for one. */
const SLOW_MS = 2;

/** Judges each text; runs in the worker, where a pattern that never ends holds up nobody. */
export function judgeTexts(pattern: RegExp, texts: readonly string[], now = () => performance.now()): Uint8Array {
  const verdicts = new Uint8Array(texts.length);
  texts.forEach((text, index) => {
    const start = now();
    if (!matches(pattern, text)) return;
    highlight(pattern, text);
    verdicts[index] = now() - start > SLOW_MS ? SLOW : HIT;
  });
  return verdicts;
}
