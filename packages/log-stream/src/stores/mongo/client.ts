import { MongoClient } from 'mongodb';
import { LogStreamError } from '../../errors.ts';

/** Milliseconds until a command fails if no server can be reached, unless the connection string says otherwise. */
const serverSelectionTimeoutMS = 5_000;

/** @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid connection string */
export function newClient(uri: string): MongoClient {
  try {
    return new MongoClient(uri, /serverSelectionTimeoutMS=/i.test(uri) ? {} : { serverSelectionTimeoutMS });
  } catch (cause) {
    // Without the cause's message: it may quote a password.
    const message = 'MongoLogStore option server: expected a valid connection string';
    throw new LogStreamError('ERR_LOG_STREAM_OPTION', message, { cause });
  }
}

/** @throws Error if the server has not responded in time */
export async function withTimeout(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`MongoDB has not responded within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
