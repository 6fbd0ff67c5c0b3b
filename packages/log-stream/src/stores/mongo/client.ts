import { MongoClient } from 'mongodb';
import { LogStreamError } from '../../errors.ts';

/** Milliseconds until a command fails if no server can be reached. */
const serverSelectionTimeoutMS = 5_000;
/** Milliseconds by which the response to a command may be later than the server's own bound. */
const maxDelayMs = 15_000;

/**
 * Creates a client with bounds of time, unless the connection string has others. Without a bound of the socket, a connection
 * that was lost unnoticed delays polls and the change stream for as long as TCP tries to send.
 *
 * @param maxTimeMs bound of one command on the server
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid connection string
 */
export function newClient(uri: string, maxTimeMs: number): MongoClient {
  const bounds = { serverSelectionTimeoutMS, socketTimeoutMS: maxTimeMs + maxDelayMs };
  const isFree = ([name]: [string, number]) => !uri.toLowerCase().includes(`${name.toLowerCase()}=`);
  try {
    return new MongoClient(uri, Object.fromEntries(Object.entries(bounds).filter(isFree)));
  } catch {
    // Without the cause: its message may quote a password.
    throw new LogStreamError(
      'ERR_LOG_STREAM_OPTION',
      'MongoLogStore option server: expected a valid connection string',
    );
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
