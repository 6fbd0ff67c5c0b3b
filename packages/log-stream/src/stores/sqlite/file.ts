import { chmodSync, closeSync, openSync, type Stats, statSync } from 'node:fs';

/** Names of the files that SQLite keeps beside a database. */
export const walOf = (file: string) => `${file}-wal`;
const shmOf = (file: string) => `${file}-shm`;

const permissions = 0o777;
const everyone = 0o007;
const warned = new Set<string>();

/**
 * Creates the file with mode 0600 if it is missing, because SQLite would create it readable for every user. SQLite gives
 * its `-wal` and `-shm` files the same mode. The mode of an existing file is the operator's and stays.
 */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // For a missing folder or right, SQLite reports its own error.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/**
 * Takes rights from the files beside a database that the database itself does not grant: another program may have left
 * them. Warns of a database that every user of the machine can read.
 */
export function checkModes(file: string): void {
  const database = statSync(file, { throwIfNoEntry: false });
  if (database === undefined || database.uid !== process.getuid?.()) return;
  const mode = database.mode & permissions;
  for (const beside of [walOf(file), shmOf(file)]) {
    const stats = statSync(beside, { throwIfNoEntry: false });
    const isOurs = stats?.uid === database.uid;
    if (isOurs && (stats.mode & permissions & ~mode) !== 0) chmodSync(beside, mode);
  }
  if ((mode & everyone) === 0 || warned.has(file)) return;
  warned.add(file);
  process.emitWarning(
    `${file}: every user of this machine can open it (mode ${mode.toString(8)}); chmod 600 unless that is intended`,
  );
}

/** What distinguishes a file from others that had or get the same path. */
export interface FileIdentity {
  readonly database: string;
  /** Undefined without a write-ahead log. */
  readonly wal: string | undefined;
}

/**
 * @param content whether the file counts as another one also when it was written
 * @returns undefined if the file does not exist
 */
export function identityOf(file: string, content: boolean): FileIdentity | undefined {
  const database = statOf(file);
  if (database === undefined) return undefined;
  const wal = statOf(walOf(file));
  const written = content ? ` ${database.mtimeMs} ${database.size}` : '';
  return { database: inode(database) + written, wal: wal && inode(wal) };
}

/**
 * True if `now` is the file that `opened` was. A write-ahead log that has appeared since belongs to another program that
 * writes the same file, one that has vanished was deleted.
 */
export function isSame(opened: FileIdentity, now: FileIdentity | undefined): boolean {
  return now?.database === opened.database && (opened.wal === undefined || opened.wal === now.wal);
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // A folder on the way is no folder any more, or may not be entered.
    return undefined;
  }
}

function inode({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
