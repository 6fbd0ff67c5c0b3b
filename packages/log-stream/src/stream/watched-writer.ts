import type { Response } from 'express';
import type { LogEvent } from '../types.ts';
import type { ChunkedBytes } from './chunked.ts';
import { ResponseWriter, type WriterOwner } from './response-writer.ts';

/** An event of a log as `batchesOf` writes it. Gaps and lone ids have another form. */
const logEvent = /^id: ([^\n]*)\ndata: ([^\n]*)$/;

/**
 * A response writer that also reports each log that it writes. It is a class of its own, so that the writes of all
 * other streams need no check.
 */
export class WatchedWriter extends ResponseWriter {
  readonly #onEvent: (event: LogEvent) => void;

  constructor(res: Response, maxChecks: number, owner: WriterOwner, onEvent: (event: LogEvent) => void) {
    super(res, maxChecks, owner);
    this.#onEvent = onEvent;
  }

  override writeBatch(batch: ChunkedBytes): void {
    if (!this.open) return;
    super.writeBatch(batch);
    for (const block of batch.bytes.toString().split('\n\n')) {
      const [, id, data] = logEvent.exec(block) ?? [];
      if (id !== undefined && data !== undefined) this.#onEvent(Object.freeze({ id, data }));
    }
  }
}
