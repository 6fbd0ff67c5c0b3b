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
