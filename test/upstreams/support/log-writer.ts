import { setTimeout as delay } from 'node:timers/promises';
import { type Document, MongoClient, ObjectId } from 'mongodb';

/** Milliseconds between two logs, and before a failed insertion is repeated. */
const intervalMs = 10;
const duplicateKey = 11000;

/** Inserts numbered logs into MongoDB, one after another, and repeats an insertion until it is acknowledged. */
export class LogWriter {
  /** Messages of the logs that the server has acknowledged. */
  readonly acknowledged: string[] = [];
  readonly #client: MongoClient;
  readonly #done: Promise<void>;
  #stopping = false;

  /** @param uri with the name of the database */
  constructor(uri: string, collection: string) {
    this.#client = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000 });
    this.#done = this.#run(collection);
  }

  /** Resolves when the last log was acknowledged. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
    await this.#client.close();
  }

  async #run(name: string): Promise<void> {
    const collection = this.#client.db().collection(name);
    while (!this.#stopping) {
      const document = logDocument(`m${this.acknowledged.length}`);
      const isDone = () => collection.insertOne(document).then(() => true, isStored);
      while (!(await isDone())) await delay(intervalMs);
      this.acknowledged.push(document.message);
      await delay(intervalMs);
    }
  }
}

/** The document keeps its `_id`, so a repeated insertion of a stored one fails. */
const isStored = (error: { code?: unknown }) => error.code === duplicateKey;

function logDocument(message: string): Document & { message: string } {
  const time = new Date();
  return {
    _id: new ObjectId(),
    logLevel: 'INFO',
    logType: 'APPLICATION',
    message,
    stageName: 'ETL_PROCESSING',
    duration: '',
    description: '',
    time,
    isoTime: time.toISOString(),
    meta: {
      timestamp: time.getTime(),
      pipelineID: 'p-1',
      execID: '4021',
      workspaceID: 'ws',
      workflowID: 'wf',
      pipelineType: 'L3L5ETL',
    },
  };
}
