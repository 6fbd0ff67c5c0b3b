import type {
  LogBatch,
  LogCursor,
  LogDocument,
  LogFilter,
  LogPage,
  LogResume,
  LogStore,
  LogVolume,
} from '@datashop/log-stream';

const maxLogs = 100_000;
/** Bound of one read, as `SqliteLogStore` has one. */
const maxReadCharacters = 32 * 1024;

/** The place behind the log with a number. */
class Place implements LogCursor {
  readonly seq: number;

  constructor(seq: number) {
    this.seq = seq;
  }

  equals(other: LogCursor): boolean {
    return this.seq === (other as Place).seq;
  }

  isBefore(other: LogCursor): boolean {
    return this.seq < (other as Place).seq;
  }

  toString(): string {
    return String(this.seq);
  }
}

interface Stored {
  readonly cursor: Place;
  readonly log: LogDocument;
  readonly characters: number;
}

/** A list of logs, to measure streams without a database. It has neither pages nor searches. */
export class MemoryLogStore implements LogStore {
  readonly #logs: Stored[] = [];
  readonly #listeners = new Set<() => void>();
  #lastSeq = 0;

  async end() {
    return new Place(this.#lastSeq);
  }

  async newest(_filter: LogFilter, count: number) {
    return new Place(Math.max(this.#firstSeq - 1, this.#lastSeq - count));
  }

  async resume(id: string): Promise<LogResume> {
    const seq = Number(id);
    return seq <= this.#lastSeq ? { cursor: new Place(seq) } : { cursor: new Place(0), gap: 'unknown-id' };
  }

  async locate(id: string) {
    return new Place(Number(id));
  }

  idOf(cursor: LogCursor): string {
    return String(cursor);
  }

  isId(text: string): boolean {
    return /^[0-9]+$/.test(text);
  }

  async health() {
    return { problem: undefined, figures: {} };
  }

  async append(logs: readonly LogDocument[]) {
    const added = logs.map(
      (log): Stored => ({ cursor: new Place(++this.#lastSeq), log, characters: log.message.length + 200 }),
    );
    this.#logs.push(...added);
    // Rarely, because it moves all others.
    if (this.#logs.length > 2 * maxLogs) this.#logs.splice(0, this.#logs.length - maxLogs);
    for (const listener of this.#listeners) listener();
    return added;
  }

  async volume(): Promise<LogVolume> {
    throw new Error('MemoryLogStore counts nothing');
  }

  async query(): Promise<LogPage> {
    throw new Error('the benchmark reads no pages');
  }

  async read(cursor: LogCursor, { workspaceID, workflowID }: LogFilter, limit: number): Promise<LogBatch> {
    const afterSeq = (cursor as Place).seq;
    const firstSeq = this.#firstSeq;
    const logs: Stored[] = [];
    let characters = 0;
    let throughSeq = Math.max(afterSeq, firstSeq - 1);
    while (throughSeq < this.#lastSeq && logs.length < limit && characters < maxReadCharacters) {
      const entry = this.#logs[throughSeq + 1 - firstSeq];
      throughSeq++;
      if (entry === undefined) continue;
      const { meta } = entry.log;
      if (workspaceID !== undefined && (meta.workspaceID !== workspaceID || meta.workflowID !== workflowID)) continue;
      logs.push(entry);
      characters += entry.characters;
    }
    const more = throughSeq < this.#lastSeq;
    const gap = afterSeq < firstSeq - 1 ? { gap: 'trimmed' as const } : undefined;
    return { logs, cursor: new Place(throughSeq), more, ...gap };
  }

  tailOf() {
    return {};
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}

  get #firstSeq(): number {
    return this.#lastSeq + 1 - this.#logs.length;
  }
}
