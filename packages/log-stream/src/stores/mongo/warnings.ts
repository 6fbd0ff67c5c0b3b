import type { LogFilter } from '../../log-store.ts';
import type { LogCollection } from './collection.ts';

/** Warns once of each condition under which logs are delivered late or not at all. */
export class Warnings {
  #late = 0;
  readonly #warned = new Set<string>();

  /** Number of documents that became visible late. */
  get late(): number {
    return this.#late;
  }

  /** A document was found late, or its ObjectId is of a second that has not begun. */
  report(kind: 'late' | 'early', collection: string): void {
    if (kind === 'late') {
      this.#late++;
      this.#warn(kind, `${collection}: documents become visible later than settleMs, so streams deliver them late`);
    } else {
      this.#warn(kind, `${collection}: the clock of a writer is ahead; documents of others may be missed at a resume`);
    }
  }

  /** @param error why the server gives no change stream */
  reportNoChanges({ message }: Error, collection: string): void {
    const reason = message.replace(/\s+/g, ' ').slice(0, 300);
    this.#warn('changes', `${collection}: no change stream (${reason}), so new logs are polled for`);
  }

  /** @param offsetMs the server's clock minus this process's */
  reportClock(offsetMs: number, collection: string): void {
    const direction = offsetMs > 0 ? 'behind' : 'ahead of';
    this.#warn('clock', `${collection}: this clock is ${Math.abs(Math.round(offsetMs))} ms ${direction} the server's`);
  }

  /** Warns if the server reads a workflow without the index. Checks this once. */
  async checkPlan(collection: LogCollection, filter: LogFilter): Promise<void> {
    if (this.#warned.has('plan') || filter.workflowID === undefined) return;
    this.#warned.add('plan');
    const problem = await collection.problemOfPlan(filter);
    if (problem === undefined) return;
    process.emitWarning(
      `${collection.name}: each poll ${problem}; create the index (meta.workspaceID, meta.workflowID, _id) by ensureIndexes()`,
    );
  }

  #warn(kind: string, message: string): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    process.emitWarning(message);
  }
}
