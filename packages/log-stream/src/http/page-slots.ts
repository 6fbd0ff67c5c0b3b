import type { Response } from 'express';
import { LogStreamError } from '../errors.ts';

/** Bounds how many reads of pages and volumes run at once, and aborts those whose client has left. */
export class PageSlots {
  readonly #max: number;
  #reading = 0;

  /** @param max the option `limits.pages` */
  constructor(max: number) {
    this.#max = max;
  }

  /** @throws LogStreamError `ERR_LOG_STREAM_LIMIT` if too many are running */
  async run<T>(res: Response, read: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#reading >= this.#max) {
      const message = `limits.pages: ${this.#max} pages are being read`;
      throw new LogStreamError('ERR_LOG_STREAM_LIMIT', message, { rule: 'pages' });
    }
    this.#reading++;
    const left = new AbortController();
    const abort = () => left.abort();
    res.once('close', abort);
    try {
      return await read(left.signal);
    } finally {
      this.#reading--;
      res.off('close', abort);
    }
  }
}
