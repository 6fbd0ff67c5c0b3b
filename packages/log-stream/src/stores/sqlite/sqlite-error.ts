/** SQLite's primary result codes that are handled here. [spec] https://www.sqlite.org/rescode.html */
const busy = 5;
const locked = 6;
const readOnly = 8;
const cannotOpen = 14;

/** The primary result code of an error of `node:sqlite`; undefined for other errors. */
function primaryCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** True if another connection holds a lock: the same call may succeed later. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === busy || code === locked;
}

/** True if this process has no right to write the file or the ones beside it. */
export function isWriteProtected(error: unknown): boolean {
  const code = primaryCode(error);
  return code === readOnly || code === cannotOpen;
}
