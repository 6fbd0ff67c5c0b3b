import { highlight, matches } from './search.ts';

/** What a search made of a line. `slowVerdict`: found, but marking it again and again would hold up the page. */
export const missVerdict = 0;
export const hitVerdict = 1;
export const slowVerdict = 2;

/** A page that draws 40 lines in a frame can afford no more for one. */
const slowMs = 2;

/** Judges each text; runs in the worker, where a pattern that never ends holds up nobody. */
export function matchTexts(pattern: RegExp, texts: readonly string[], now = () => performance.now()): Uint8Array {
  const verdicts = new Uint8Array(texts.length);
  texts.forEach((text, index) => {
    const start = now();
    if (!matches(pattern, text)) return;
    highlight(pattern, text);
    verdicts[index] = now() - start > slowMs ? slowVerdict : hitVerdict;
  });
  return verdicts;
}
