import type { LogCursor, LogFilter, LogStore } from '../../src/index.ts';

/** What a follower has received. */
export interface Received {
  readonly id: string;
  readonly message: string;
}

/** Reads a store as one stream does: from a place on, in reads of a few logs, woken by the store. */
export class Follower {
  readonly received: Received[] = [];
  readonly gaps: string[] = [];
  readonly #store: LogStore;
  readonly #filter: LogFilter;
  readonly #limit: number;
  #cursor: LogCursor;

  constructor(store: LogStore, filter: LogFilter, cursor: LogCursor, limit = 3) {
    this.#store = store;
    this.#filter = filter;
    this.#cursor = cursor;
    this.#limit = limit;
  }

  get messages(): string[] {
    return this.received.map(({ message }) => message);
  }

  /** What a browser would resume with: the last log, or the place if there is none. */
  get lastId(): string {
    return this.received.at(-1)?.id ?? this.#store.idOf(this.#cursor, this.#filter, 'position');
  }

  /** Reads once. Returns true if there is more to read. */
  async read(limit = this.#limit): Promise<boolean> {
    const { logs, cursor, more, gap } = await this.#store.read(this.#cursor, this.#filter, limit);
    if (gap) this.gaps.push(gap);
    for (const entry of logs) {
      if (entry.gap) this.gaps.push(entry.gap);
      else
        this.received.push({ id: this.#store.idOf(entry.cursor, this.#filter, 'event'), message: entry.log.message });
    }
    this.#cursor = cursor;
    return more;
  }

  /** Reads until logs with these messages were received; others may follow them. */
  async until(...messages: readonly string[]): Promise<void> {
    let isNotified = true;
    let notify = () => {};
    const release = this.#store.subscribe(() => {
      isNotified = true;
      notify();
    }, this.#store.tailOf(this.#filter));
    try {
      const isMissing = (message: string) => !this.messages.includes(message);
      while (messages.some(isMissing)) {
        if (!isNotified) await new Promise<void>((resolve) => (notify = resolve));
        isNotified = false;
        if (await this.read()) isNotified = true;
      }
      while (await this.read());
    } finally {
      release();
    }
  }
}

/** A reader that resumes with an id. */
export async function resumed(store: LogStore, filter: LogFilter, id: string): Promise<Follower> {
  const { cursor, gap } = await store.resume(id, filter);
  const follower = new Follower(store, filter, cursor);
  if (gap) follower.gaps.push(gap);
  return follower;
}
