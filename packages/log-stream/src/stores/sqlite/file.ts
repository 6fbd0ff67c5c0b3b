import { chmodSync, closeSync, openSync, rmSync, type Stats, statSync } from 'node:fs';

/** Names of the files that SQLite keeps beside a database. */
export const walOf = (file: string) => `${file}-wal`;
const shmOf = (file: string) => `${file}-shm`;

const permissions = 0o777;
const everyone = 0o006;
const warned = new Set<string>();

/**
 * Creates the file with mode 0600 if it is missing, because SQLite would create it readable for every user. SQLite
 * gives its `-wal` and `-shm` files the same mode. The mode of an existing file is the operator's and stays.
 */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    // For a missing folder or permission, SQLite reports its own error.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/**
 * Removes permissions from the files beside a database that the database itself does not have: another program may have
 * created them. Warns of a database that every user of the machine can open.
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

/**
 * Identifies a file among all that have the same path at some time. While it is open, no other file can get its inode.
 *
 * @param content true: the file counts as another one after it was written
 * @returns undefined if the file does not exist
 */
export function identityOf(file: string, content: boolean): string | undefined {
  const stats = statOf(file);
  if (stats === undefined) return undefined;
  const inode = `${stats.dev}:${stats.ino}`;
  return content ? `${inode} ${stats.mtimeMs} ${stats.size}` : inode;
}

/**
 * Deletes the files beside a database that was deleted or replaced: SQLite would apply the old write-ahead log to the
 * new database.
 *
 * @param wal identity of the old write-ahead log; another one is the new database's
 */
export function deleteLeftovers(file: string, wal: string | undefined): void {
  if (wal === undefined || identityOf(walOf(file), false) !== wal) return;
  for (const beside of [walOf(file), shmOf(file)]) rmSync(beside, { force: true });
}

/** Size in bytes; 0 if the file does not exist. */
export function sizeOf(file: string): number {
  return statOf(file)?.size ?? 0;
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // A folder of the path is no longer a folder, or may not be entered.
    return undefined;
  }
}
