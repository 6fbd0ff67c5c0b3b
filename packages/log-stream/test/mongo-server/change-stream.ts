import { type Document, serialize, type Timestamp } from 'bson';
import type { Batch, Cursor } from './cursors.ts';
import { CommandError, notBuilt } from './errors.ts';
import { fromTimestamp, type Oplog, type OplogEntry, toTimestamp } from './oplog.ts';
import { EventPipeline } from './pipeline.ts';
import { parseToken, tokenOf } from './resume-token.ts';
import type { Forms } from './stored-document.ts';

/** Options of the stage `$changeStream` that are accepted. */
const knownOptions = new Set([
  'resumeAfter',
  'startAfter',
  'startAtOperationTime',
  'fullDocument',
  'fullDocumentBeforeChange',
  'allChangesForCluster',
  'showExpandedEvents',
]);

/** Which namespaces a stream watches: one collection, or all of a database or cluster, by their prefix. */
export interface Watched {
  readonly namespace: string;
  readonly prefix: string | undefined;
}

const historyLost = () => {
  const text = 'Resume of change stream was not possible, as the resume point may no longer be in the oplog.';
  return new CommandError(286, text);
};

/** A cursor over the changes after a point of time. It awaits new ones. */
export class ChangeStreamCursor implements Cursor {
  readonly changeStream = true;
  readonly namespace: string;
  readonly #oplog: Oplog;
  readonly #watched: Watched;
  readonly #pipeline: EventPipeline;
  /** Every change up to this time was examined. */
  #time: bigint;
  /** Token of the last change that was examined, or of the starting point. */
  #token: Document;
  #invalidated = false;

  /**
   * @param pipeline its first stage is `$changeStream`
   * @throws CommandError 286 if the starting point is older than the history of changes
   */
  constructor(oplog: Oplog, watched: Watched, pipeline: readonly Document[]) {
    const options: Document = pipeline[0]?.$changeStream;
    const unknown = Object.keys(options).find((name) => !knownOptions.has(name));
    if (unknown !== undefined) {
      throw new CommandError(40415, `BSON field '$changeStream.${unknown}' is an unknown field.`);
    }
    if (options.fullDocumentBeforeChange && options.fullDocumentBeforeChange !== 'off') throw notBuilt('pre-images');
    this.namespace = watched.namespace;
    this.#oplog = oplog;
    this.#watched = watched;
    this.#pipeline = new EventPipeline(pipeline.slice(1));
    this.#time = this.#start(options);
    this.#token = options.resumeAfter ?? options.startAfter ?? tokenOf(this.#time + 1n, 'time');
  }

  /** The last time whose changes are not of interest. */
  #start({ resumeAfter, startAfter, startAtOperationTime }: Document): bigint {
    const given = [resumeAfter, startAfter, startAtOperationTime].filter((option) => option !== undefined);
    if (given.length > 1) {
      const text = 'Only one type of resume option is allowed, but multiple were found.';
      throw new CommandError(50674, text);
    }
    if (startAtOperationTime !== undefined) return this.#startAt(startAtOperationTime);
    if (given.length === 0) return this.#oplog.latest;
    const { time, kind } = parseToken(given[0]);
    if (time < this.#oplog.oldest) throw historyLost();
    if (kind === 'invalidate' && resumeAfter !== undefined) {
      const text = "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate";
      throw new CommandError(260, `${text} notification.`);
    }
    const entry = this.#oplog.at(this.#oplog.indexFrom(time));
    if (kind === 'change' && entry?.time !== time) {
      throw new CommandError(280, 'cannot resume stream; the resume token was not found');
    }
    return kind === 'time' ? time - 1n : time;
  }

  #startAt(timestamp: Timestamp): bigint {
    const time = fromTimestamp(timestamp);
    if (time < this.#oplog.oldest) throw historyLost();
    return time - 1n;
  }

  async next(batchSize: number | undefined, waitMs: number, signal: AbortSignal): Promise<Batch> {
    const end = performance.now() + waitMs;
    for (;;) {
      const documents = this.#read(batchSize ?? Number.POSITIVE_INFINITY);
      const left = end - performance.now();
      if (documents.length > 0 || this.#invalidated || left <= 0 || signal.aborted) {
        return {
          documents: documents.map((event) => serialize(event)),
          exhausted: this.#invalidated,
          postBatchResumeToken: this.#token,
        };
      }
      await this.#oplog.changes.wait(left, signal);
    }
  }

  #read(size: number): Document[] {
    if (this.#time < this.#oplog.oldest - 1n) throw historyLost();
    const documents: Document[] = [];
    let index = this.#oplog.indexFrom(this.#time + 1n);
    while (documents.length < size && !this.#invalidated) {
      const entry = this.#oplog.at(index++);
      if (!entry) {
        this.#skipTo(this.#oplog.latest);
        break;
      }
      this.#time = entry.time;
      if (this.#watches(entry)) documents.push(...this.#eventsOf(entry));
    }
    return documents;
  }

  /** Lets the stream be resumed from the newest time, even if none of the latest changes was of interest. */
  #skipTo(time: bigint): void {
    if (parseToken(this.#token).time < time) this.#token = tokenOf(time, 'time');
  }

  #eventsOf(entry: OplogEntry): Document[] {
    const events = [eventOf(entry)];
    if (entry.operation === 'drop' && this.#watched.prefix === undefined) {
      this.#invalidated = true;
      events.push(invalidateOf(entry));
    }
    const sent = events.flatMap((event) => this.#pipeline.run(event) ?? []);
    if (sent.length > 0) this.#token = sent.at(-1)?._id;
    // The cursor ends with this token even if a stage has dropped the event.
    if (this.#invalidated) this.#token = tokenOf(entry.time, 'invalidate');
    return sent;
  }

  #watches({ operation, namespace }: OplogEntry): boolean {
    if (operation === 'noop') return false;
    const { prefix } = this.#watched;
    return prefix === undefined ? namespace === this.#watched.namespace : namespace.startsWith(prefix);
  }
}

function invalidateOf({ time, wallTime }: OplogEntry): Forms {
  const event = {
    _id: tokenOf(time, 'invalidate'),
    operationType: 'invalidate',
    clusterTime: toTimestamp(time),
    wallTime,
  };
  return { exact: event, plain: event };
}

/** The event of a change, in both forms of its document. */
function eventOf({ time, wallTime, operation, namespace, document, updatedFields }: OplogEntry): Forms {
  const dot = namespace.indexOf('.');
  const form = (content: Document | undefined): Document => ({
    _id: tokenOf(time, 'change'),
    operationType: operation,
    clusterTime: toTimestamp(time),
    wallTime,
    ...(operation === 'insert' || operation === 'replace' ? { fullDocument: content } : {}),
    ns: { db: namespace.slice(0, dot), coll: namespace.slice(dot + 1) },
    ...(content ? { documentKey: { _id: content._id } } : {}),
    ...(updatedFields ? { updateDescription: { updatedFields, removedFields: [], truncatedArrays: [] } } : {}),
  });
  return {
    get exact() {
      return form(document?.exact);
    },
    plain: form(document?.plain),
  };
}
