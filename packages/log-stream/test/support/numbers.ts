import type { LogBatch, LogEntry, LogFilter, LogStore } from '../../src/index.ts';
import { SqliteCursor } from '../../src/stores/sqlite/cursor.ts';
import { type EventIds, eventIds } from '../../src/stores/sqlite/event-id.ts';

/** Reads and writes the ids that subscribers of the default workflow see. */
export async function idsOf(store: LogStore): Promise<EventIds> {
  return eventIds(await epochOf(store), { workspaceID: 'ws', workflowID: 'wf' });
}

export async function epochOf(store: LogStore): Promise<string> {
  return ((await store.end({})) as SqliteCursor).epoch;
}

/** Shows each `id:` of a stream as the number of its log. */
export function numbered(text: string, ids: EventIds): string {
  return text.replace(/^id: (.*)$/gm, (_line, id: string) => `id: ${ids.decode(id, 'event', 'position')}`);
}

/** The place behind the log with a number, in the store as it is now. */
export async function cursorAt(store: LogStore, seq: number): Promise<SqliteCursor> {
  return new SqliteCursor((await store.end({})) as SqliteCursor, seq);
}

/** The number of a log, or of the log in front of a place. */
export function seqOf({ cursor }: { readonly cursor: LogEntry['cursor'] }): number {
  return (cursor as SqliteCursor).seq;
}

/** The newest number of a store. */
export async function lastSeqOf(store: LogStore): Promise<number> {
  return seqOf({ cursor: await store.end({}) });
}

/** Shows logs with their numbers in place of their cursors. */
export function withSeqs(entries: readonly LogEntry[]): Record<string, unknown>[] {
  return entries.map(({ cursor, ...rest }) => ({ seq: seqOf({ cursor }), ...rest }));
}

/** Reads the logs behind a number. */
export async function readAfter(store: LogStore, seq: number, filter: LogFilter, limit: number): Promise<LogBatch> {
  return store.read(await cursorAt(store, seq), filter, limit);
}
