import type { LogBatch, LogDocument, LogFilter, LogPage, LogStore, StoredLog } from '@datashop/log-stream';

const epoch = 'memory';
const maxLogs = 100_000;
/** Bound of one read, as `SqliteLogStore` has one. */
const maxReadCharacters = 32 * 1024;

/** A list of logs, to measure streams without a database. It has neither pages nor searches. */
export class MemoryLogStore implements LogStore {
  readonly #logs: { readonly stored: StoredLog; readonly characters: number }[] = [];
  readonly #listeners = new Set<() => void>();
  #lastSeq = 0;

  async epoch(): Promise<string> {
    return epoch;
  }

  async bounds() {
    return this.#bounds();
  }

  async contains(seq: number): Promise<boolean> {
    return seq <= this.#lastSeq;
  }

  async health() {
    return { problem: undefined, figures: {} };
  }

  async append(logs: readonly LogDocument[]): Promise<StoredLog[]> {
    const added = logs.map((log) => ({ stored: { seq: ++this.#lastSeq, log }, characters: log.message.length + 200 }));
    this.#logs.push(...added);
    // Rarely, because it moves all others.
    if (this.#logs.length > 2 * maxLogs) this.#logs.splice(0, this.#logs.length - maxLogs);
    for (const listener of this.#listeners) listener();
    return added.map(({ stored }) => stored);
  }

  async query(): Promise<LogPage> {
    throw new Error('the benchmark reads no pages');
  }

  async read(afterSeq: number, { workspaceID, workflowID }: LogFilter, limit: number): Promise<LogBatch> {
    const bounds = this.#bounds();
    const { firstSeq, lastSeq } = bounds;
    const logs: StoredLog[] = [];
    let characters = 0;
    let throughSeq = Math.max(afterSeq, firstSeq - 1);
    while (throughSeq < lastSeq && logs.length < limit && characters < maxReadCharacters) {
      const entry = this.#logs[throughSeq + 1 - firstSeq];
      throughSeq++;
      if (entry === undefined) continue;
      const { meta } = entry.stored.log;
      if (workspaceID !== undefined && (meta.workspaceID !== workspaceID || meta.workflowID !== workflowID)) continue;
      logs.push(entry.stored);
      characters += entry.characters;
    }
    return { ...bounds, logs, throughSeq };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}

  #bounds() {
    return { firstSeq: this.#lastSeq + 1 - this.#logs.length, lastSeq: this.#lastSeq, epoch, generation: 0 };
  }
}
