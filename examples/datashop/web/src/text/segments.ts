/** A part of a text that is shown in a style of its own. */
export interface Style {
  /** Offsets in the text. */
  readonly from: number;
  readonly to: number;
  readonly className: string;
}

/** A piece of a text. All pieces together are the text. */
export interface Segment {
  readonly text: string;
  /** Offset in the text. */
  readonly at: number;
  readonly className: string;
  /** The address of a link, or ''. */
  readonly href: string;
}

/** Other schemes are not linked: a log line may be anybody's text. */
const link = /\bhttps?:\/\/[^\s<>"'`|\\^{}]+/g;
/** Punctuation at the end belongs to the sentence around. */
const trailing = /[.,;:!?)\]]+$/;

/** Splits a text where a style or a link begins or ends. */
export function segmentsOf(text: string, styles: readonly Style[] = []): Segment[] {
  const links = linksOf(text);
  if (links.length === 0 && styles.length === 0) return [{ text, at: 0, className: '', href: '' }];
  const edges = new Set([0, text.length]);
  for (const { from, to } of [...links, ...styles])
    edges.add(Math.min(from, text.length)).add(Math.min(to, text.length));
  const places = [...edges].sort((a, b) => a - b);
  const holds = (at: number) => (range: { from: number; to: number }) => range.from <= at && at < range.to;
  return places.slice(0, -1).map((at, index) => ({
    text: text.slice(at, places[index + 1]),
    at,
    className: styles.find(holds(at))?.className ?? '',
    href: links.find(holds(at))?.href ?? '',
  }));
}

function linksOf(text: string): { from: number; to: number; href: string }[] {
  if (!text.includes('://')) return [];
  return [...text.matchAll(link)].flatMap(({ 0: found, index }) => {
    const href = found.replace(trailing, '');
    return URL.canParse(href) ? [{ from: index, to: index + href.length, href }] : [];
  });
}
