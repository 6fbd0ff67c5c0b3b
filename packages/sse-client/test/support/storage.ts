import type { PersistOptions } from '../../src/types.ts';
import type { Page } from './page.ts';

export type TabStorage = NonNullable<PersistOptions['storage']>;

/** A Storage in memory, with a quota in characters. */
export class MemoryStorage {
  readonly #values = new Map<string, string>();
  quota = Number.POSITIVE_INFINITY;
  writes = 0;

  get length(): number {
    return this.#values.size;
  }

  key(index: number): string | null {
    return [...this.#values.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (key.length + value.length > this.quota) throw new DOMException('full', 'QuotaExceededError');
    this.writes++;
    this.#values.set(key, value);
  }

  removeItem(key: string): void {
    this.#values.delete(key);
  }
}

/** One storage with an object for each tab: a change by one of them dispatches a storage event to the others. */
export function sharedStorage(pages: readonly Page[]): TabStorage[] {
  const values = new MemoryStorage();
  const faces = pages.map((own) => {
    const tell = (key: string, newValue: string | null) => {
      for (const [index, page] of pages.entries()) if (page !== own) page.stored(faces[index], key, newValue);
    };
    return {
      get length() {
        return values.length;
      },
      key: (index: number) => values.key(index),
      getItem: (key: string) => values.getItem(key),
      setItem(key: string, value: string) {
        const isNew = values.getItem(key) !== value;
        values.setItem(key, value);
        if (isNew) tell(key, value);
      },
      removeItem(key: string) {
        const isThere = values.getItem(key) !== null;
        values.removeItem(key);
        if (isThere) tell(key, null);
      },
    };
  });
  return faces;
}
