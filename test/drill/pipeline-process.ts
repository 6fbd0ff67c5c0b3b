// A pipeline that writes numbered logs into the store of the log service, and repeats each until the store has it. Its
// argument is a PipelineSetUp as JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogDocument, type LogDocument, SqliteLogStore } from '@datashop/log-stream';
import { MongoClient, ObjectId } from 'mongodb';
import { frame } from '../faults/support/events.ts';
import { answer } from '../scale/support/child.ts';
import { type PipelineSetUp, workflow } from './pipeline-set-up.ts';

const eventBytes = 100;
const retryMs = 50;
const tickMs = 20;
/** The server's code for an `_id` that exists. */
const duplicateKey = 11_000;

type Write = (logs: readonly LogDocument[]) => Promise<void>;

function writeToSqlite(path: string): Write {
  const store = new SqliteLogStore({ path });
  return async (logs) => void (await store.append(logs));
}

function writeToMongo(uri: string): Write {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1_000 });
  const collection = client.db().collection('logs');
  const ids = new WeakMap<LogDocument, ObjectId>();
  return async (logs) => {
    for (const log of logs) {
      const _id = ids.get(log) ?? new ObjectId();
      ids.set(log, _id);
      await collection.insertOne({ _id, ...log }).catch((error) => {
        // An insert whose acknowledgement was lost.
        if (error.code !== duplicateKey) throw error;
      });
    }
  };
}

const setUp = JSON.parse(process.argv[2] as string) as PipelineSetUp;
const write = setUp.kind === 'sqlite' ? writeToSqlite(setUp.path) : writeToMongo(setUp.uri);
let newest = setUp.newest;
let writing: Promise<void> | undefined;
let timer: NodeJS.Timeout | undefined;

function numbered(sequence: number): LogDocument {
  const [, message = ''] = /data: (.*)\n/.exec(frame(0, sequence, eventBytes, undefined)) ?? [];
  return createLogDocument({ ...workflow, message, stageName: 'DRILL', pipelineID: 'drill', execID: '1' });
}

/** Writes logs up to number `last`. They count as sent once the store has acknowledged them. */
async function writeUpTo(last: number): Promise<void> {
  const logs = Array.from({ length: last - newest }, (_, index) => numbered(newest + 1 + index));
  for (;;) {
    try {
      await write(logs);
      newest = last;
      return;
    } catch {
      await sleep(retryMs);
    }
  }
}

const answers = {
  newest: () => newest,
  /** Writes `perSecond` logs a second from now on; what is late because of the store follows at once. */
  run(perSecond: number): void {
    const from = performance.now();
    const first = newest;
    timer = setInterval(() => {
      const due = first + Math.floor(((performance.now() - from) * perSecond) / 1_000);
      if (due > newest) {
        writing ??= writeUpTo(due).finally(() => {
          writing = undefined;
        });
      }
    }, tickMs);
  },
  /** Stops writing. Resolves with the newest number. */
  async hold(): Promise<number> {
    clearInterval(timer);
    await writing;
    return newest;
  },
};
export type PipelineAnswers = typeof answers;

answer(0, answers);
