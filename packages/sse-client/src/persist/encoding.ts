import type { PersistedState } from '../persister.ts';
import type { EntryList, EventEntry } from '../types.ts';

const version = 1;

/** Returns a JSON text with the newest entries that fit into `maxChars` characters. */
export function encode(state: PersistedState & { readonly entries: EntryList }, maxChars: number): string {
  const { entries, on, lastEventId, lastEventAt } = state;
  const head = `${JSON.stringify([version, on, lastEventId, lastEventAt]).slice(0, -1)},[`;
  const texts: string[] = [];
  // Every entry but one needs a comma, and the end needs two brackets.
  let chars = head.length + 1;
  for (let index = entries.length - 1; index >= 0; index--) {
    // The value is not stored: the data is parsed again when the entry is restored.
    const { key, value, error, ...entry } = entries.at(index) as EventEntry;
    const text = JSON.stringify(entry);
    chars += text.length + 1;
    if (chars > maxChars) break;
    texts.push(text);
  }
  return `${head}${texts.reverse().join()}]]`;
}

/** Returns undefined unless the whole text has the form that `encode` writes: other code may have written the key. */
export function decode(text: string): PersistedState | undefined {
  try {
    const [found, on, lastEventId, lastEventAt, entries] = JSON.parse(text);
    const isState =
      found === version &&
      (on === null || typeof on === 'boolean') &&
      typeof lastEventId === 'string' &&
      (lastEventAt === null || isTime(lastEventAt)) &&
      Array.isArray(entries) &&
      entries.every(isEntry);
    return isState ? { on, lastEventId, lastEventAt, entries } : undefined;
  } catch {
    return undefined;
  }
}

/** `Date` has no value beyond this. */
const maxDateMs = 8.64e15;

const isText = (value: unknown) => typeof value === 'string';
const isTime = (value: unknown) => typeof value === 'number' && Math.abs(value) <= maxDateMs;
const isOptionalText = (value: unknown) => value === undefined || isText(value);
const isOrigin = (value: unknown) => value === 'original' || value === 'new';

/** A Map, so that `kind` can't name a property of Object.prototype. */
const shapes: ReadonlyMap<unknown, Record<string, (value: unknown) => boolean>> = new Map([
  ['event', { id: isText, event: isText, data: isText, receivedAt: isTime, origin: isOrigin }],
  ['gap', { reason: isText, from: isTime, to: isTime, afterId: isText, id: isOptionalText }],
]);

function isEntry(entry: Record<string, unknown>): boolean {
  const shape = shapes.get(entry.kind);
  return shape !== undefined && Object.entries(shape).every(([name, isValid]) => isValid(entry[name]));
}
