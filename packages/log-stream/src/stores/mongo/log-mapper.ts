import type { LogDocument, LogGap } from '../../log-store.ts';
import { mapDocument, type RawDocument } from './document.ts';
import { type Hex, timeOf } from './object-ids.ts';

/** Bound of the set by which each document is counted once. */
const maxCounted = 10_000;

/** What is sent for a document: the log, or a gap in its place. */
export interface DeliveredLog {
  readonly log?: LogDocument;
  readonly gap?: LogGap['gap'];
  /** Length of its JSON. */
  readonly size: number;
}

/** A log that was deleted before it was read. */
export const deleted: DeliveredLog = { gap: 'trimmed', size: 0 };

/** Maps documents to logs, and counts those that don't fit the shape of a log. */
export class LogMapper {
  readonly #maxLogBytes: number;
  readonly #unmapped = new Set<Hex>();

  constructor(maxLogBytes: number) {
    this.#maxLogBytes = maxLogBytes;
  }

  /** Number of distinct documents that were read and don't fit the shape of a log, up to {@link maxCounted}. */
  get unmapped(): number {
    return this.#unmapped.size;
  }

  map(id: Hex, raw: RawDocument): DeliveredLog {
    const { log, isMapped } = mapDocument(raw, timeOf(id));
    if (!isMapped && this.#unmapped.size < maxCounted) this.#unmapped.add(id);
    const text = JSON.stringify(log);
    // A UTF-16 unit has at most three bytes in UTF-8.
    const isTooLarge = text.length * 3 > this.#maxLogBytes && Buffer.byteLength(text) > this.#maxLogBytes;
    return isTooLarge ? { gap: 'event-too-large', size: 0 } : { log, size: text.length };
  }
}
