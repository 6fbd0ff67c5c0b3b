import { parseLogDocument } from '../../document.ts';
import type { LogEntry, LogGap } from '../../log-store.ts';
import type { Connection } from './connection.ts';
import { type Numbering, SqliteCursor } from './cursor.ts';

/** Bound of the set by which each damaged log is counted once. */
const maxCounted = 10_000;

/** Turns rows into logs, and counts those that can't be delivered. */
export class Entries {
  readonly #maxLogBytes: number;
  readonly #damaged = new Set<number>();

  constructor(maxLogBytes: number) {
    this.#maxLogBytes = maxLogBytes;
  }

  /** Number of different stored logs that were read and could not be delivered. */
  get damaged(): number {
    return this.#damaged.size;
  }

  /** The columns to select. For a document that is too large SQLite reads the length alone. */
  get columns(): string {
    return `seq, CASE WHEN octet_length(document) <= ${this.#maxLogBytes} THEN document END AS document`;
  }

  entryOf(connection: Connection, numbering: Numbering, row: Record<string, unknown>): LogEntry {
    const cursor = new SqliteCursor(numbering, Number(row.seq));
    const log = parseLogDocument(row.document);
    if (log !== undefined) return { cursor, log };
    if (this.#damaged.size < maxCounted) this.#damaged.add(cursor.seq);
    return gapOf(connection, cursor, row.document === null ? 'event-too-large' : 'unreadable');
  }
}

function gapOf(connection: Connection, cursor: SqliteCursor, gap: LogGap['gap']): LogGap {
  const row = connection.sql('SELECT workspace, workflow FROM logs WHERE seq = ?').get(cursor.seq);
  return { cursor, gap, workspaceID: String(row?.workspace), workflowID: String(row?.workflow) };
}
