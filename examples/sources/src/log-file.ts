import { type FileHandle, open } from 'node:fs/promises';
import type { SseEvent } from '@datashop/sse-proxy';

const LF = 0x0a;
const readBytes = 65_536;

/** Longest line, in bytes. A longer one becomes several events. */
const maxLineBytes = 1_048_576;

/** A file that is read from an offset on, line by line. */
export class LogFile {
  /** Names the file whatever its path: inode and time of birth, since inodes are used again. */
  readonly identity: string;
  readonly #handle: FileHandle;
  /** Offset of the first byte that belongs to no line yet. */
  #offset: number;
  /** The beginning of a line whose end has not been written yet. */
  #rest: Buffer = Buffer.alloc(0);

  private constructor(handle: FileHandle, identity: string, offset: number) {
    this.#handle = handle;
    this.identity = identity;
    this.#offset = offset;
  }

  /** Undefined if there is no such file. */
  static async open(path: string): Promise<LogFile | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const { ino, birthtimeMs } = await handle.stat();
    return new LogFile(handle, `${ino}.${Math.trunc(birthtimeMs)}`, 0);
  }

  /** The file in which the line with this id is, behind that line; undefined if it is none of `paths`. */
  static async openAt(id: string, paths: readonly string[]): Promise<LogFile | undefined> {
    // A browser may send anything as its Last-Event-ID.
    const [, identity, offset] = /^(\d+\.\d+)-(\d{1,15})$/.exec(id) ?? [];
    if (identity === undefined) return undefined;
    for (const path of paths) {
      const file = await LogFile.open(path);
      if (!file) continue;
      file.#offset = Number(offset);
      if (file.identity === identity && !(await file.isTruncated())) return file;
      await file.close();
    }
    return undefined;
  }

  /** Yields the whole lines up to the current end of the file. */
  async *lines(): AsyncGenerator<SseEvent, void, undefined> {
    for (;;) {
      const position = this.#offset + this.#rest.length;
      const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(readBytes), 0, readBytes, position);
      if (bytesRead === 0) return;
      this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      yield* this.#wholeLines();
    }
  }

  *#wholeLines(): Generator<SseEvent, void, undefined> {
    for (let end = this.#rest.indexOf(LF); end !== -1; end = this.#rest.indexOf(LF)) yield this.#take(end, end + 1);
    while (this.#rest.length > maxLineBytes) yield this.#take(maxLineBytes, maxLineBytes);
  }

  /** The last line of a file that nobody writes to any more, if it has no line end. */
  *lastLine(): Generator<SseEvent, void, undefined> {
    if (this.#rest.length > 0) yield this.#take(this.#rest.length, this.#rest.length);
  }

  #take(end: number, next: number): SseEvent {
    const data = this.#rest.toString('utf8', 0, end).replace(/\r$/, '');
    this.#rest = this.#rest.subarray(next);
    this.#offset += next;
    return { id: `${this.identity}-${this.#offset}`, data };
  }

  /** The file that now has the path; undefined if that is still this one, or none. */
  async successor(path: string): Promise<LogFile | undefined> {
    const other = await LogFile.open(path);
    if (other && other.identity !== this.identity) return other;
    await other?.close();
    return undefined;
  }

  /** True if the file is shorter than what was read of it. */
  async isTruncated(): Promise<boolean> {
    return (await this.#handle.stat()).size < this.#offset + this.#rest.length;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
