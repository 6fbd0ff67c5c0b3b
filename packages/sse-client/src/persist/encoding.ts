import type { Unkeyed } from '../entries/entry-store.ts';
import type { EntryList } from '../types.ts';
import type { PersistedState } from './persistence.ts';

const version = 1;

/** One JSON text of at most `maxChars` characters, with the newest entries that fit; with none, if need be. */
export function encode(state: PersistedState & { readonly entries: EntryList }, maxChars: number): string {
  const { entries, on, lastEventId, lastEventAt } = state;
  const head = `${JSON.stringify([version, on, lastEventId, lastEventAt]).slice(0, -1)},[`;
  const texts: string[] = [];
  // Each entry comes with a comma, but for one; the end is two brackets.
  let chars = head.length + 1;
  for (let index = entries.length - 1; index >= 0; index--) {
    const { key, ...entry } = entries.at(index)!;
    const text = JSON.stringify(entry);
    chars += text.length + 1;
    if (chars > maxChars) break;
    texts.push(text);
  }
  return `${head}${texts.reverse().join()}]]`;
}

/** Undefined unless every part is what `encode` wrote: others may have written under this key. */
export function decode(text: string): PersistedState | undefined {
  try {
    const [found, on, lastEventId, lastEventAt, entries] = JSON.parse(text);
    const isState =
      found === version &&
      (on === null || typeof on === 'boolean') &&
      typeof lastEventId === 'string' &&
      (lastEventAt === null || typeof lastEventAt === 'number') &&
      entries.every(isEntry);
    return isState ? { on, lastEventId, lastEventAt, entries } : undefined;
  } catch {
    return undefined;
  }
}

/** What a part of an entry is like. */
const shapes: Record<string, object> = {
  event: { id: '', event: '', data: '', receivedAt: 0, origin: '' },
  gap: { reason: '', from: 0, to: 0, afterId: '' },
};

function isEntry(entry: Unkeyed & Record<string, unknown>): boolean {
  return Object.entries(shapes[entry.kind]!).every(([name, like]) => typeof entry[name] === typeof like);
}
