import { openConnection } from './connection.ts';

/** Logs that one probe reads at each of three places. */
const rows = 4;

/**
 * Reads the oldest logs, the newest ones, and some between, from the file: an open connection may have cached pages
 * that are damaged on the disk.
 *
 * @throws SQLite's error, or an error that names the file if it is missing
 */
export function probe(file: string): void {
  const connection = openConnection(file, 0, false);
  try {
    connection.snapshot(() => {
      const { lastSeq } = connection.bounds();
      const oldest = Number(connection.sql('SELECT min(seq) AS seq FROM logs').get()?.seq ?? 0);
      const between = oldest + Math.floor(Math.random() * (lastSeq - oldest));
      const read = connection.sql('SELECT length(document) FROM logs WHERE seq >= ? ORDER BY seq LIMIT ?');
      for (const from of [oldest, between, lastSeq]) read.all(from, rows);
    });
  } finally {
    connection.close();
  }
}
