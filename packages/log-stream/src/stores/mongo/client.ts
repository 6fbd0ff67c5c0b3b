import { MongoClient, MongoServerSelectionError } from 'mongodb';
import { LogStreamError } from '../../errors.ts';
import { untilSuccess } from './until-success.ts';

/** Milliseconds until a command fails if no server can be reached. */
const serverSelectionTimeoutMS = 5_000;
/** The response to a command may take this many times as long as the server's own bound. */
const responseFactor = 4;

/** The server has not responded to a command in time, and the driver has reported no error. */
export class NoResponse extends Error {}

/**
 * The client of a store: the user's, or the store's own. The store's own is replaced when it has reached no server for
 * a while: the driver's monitor of a server can hang for ever if its connection is closed at the moment of a check, and
 * the addresses of the servers may have changed.
 */
export class StoreClient {
  readonly #uri: string | undefined;
  /** Most milliseconds from a command to its response. */
  readonly #responseMs: number;
  #current: MongoClient;
  #connect: () => Promise<unknown>;
  #foundAt = performance.now();
  /** Clients of commands that may take any time. */
  readonly #long = new Set<MongoClient>();

  /**
   * @param server a connection string, or the user's client
   * @param maxTimeMs bound of one command on the server
   * @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid connection string
   */
  constructor(server: string | MongoClient, maxTimeMs: number) {
    this.#uri = typeof server === 'string' ? server : undefined;
    this.#responseMs = responseFactor * maxTimeMs;
    this.#current = typeof server === 'string' ? newClient(server, this.#responseMs) : server;
    this.#connect = untilSuccess(() => this.#current.connect());
  }

  get current(): MongoClient {
    return this.#current;
  }

  /**
   * Connects the client, then calls the command. A client connects by itself at the first command, but only once: if
   * the server is unreachable at that time, all later commands fail too.
   *
   * @throws NoResponse after some time, because the driver can hang for ever
   */
  async run<T>(command: () => Promise<T>): Promise<T> {
    const client = this.#current;
    try {
      const result = await withTimeout(
        this.#connect().then(() => command()),
        this.#responseMs,
      );
      this.#foundAt = performance.now();
      return result;
    } catch (error) {
      if (client === this.#current) this.#onFailure(error);
      throw error;
    }
  }

  /**
   * Calls a command that may take any time, such as the build of an index, with a client of its own, because the socket
   * timeout of the store's client would end it. The user's client is used as it is.
   */
  async runLong<T>(command: (client: MongoClient) => Promise<T>): Promise<T> {
    if (this.#uri === undefined) return command(this.#current);
    const client = newClient(this.#uri, 0);
    this.#long.add(client);
    try {
      return await command(client);
    } finally {
      this.#long.delete(client);
      await client.close();
    }
  }

  /** Closes the client, unless it is the user's. */
  async close(): Promise<void> {
    for (const client of this.#long) await client.close();
    if (this.#uri !== undefined) await this.#current.close();
  }

  #onFailure(error: unknown): void {
    const isLost = error instanceof MongoServerSelectionError || error instanceof NoResponse;
    const forMs = 2 * this.#current.options.serverSelectionTimeoutMS;
    if (this.#uri === undefined || !isLost || performance.now() - this.#foundAt < forMs) return;
    const old = this.#current;
    this.#foundAt = performance.now();
    this.#current = newClient(this.#uri, this.#responseMs);
    this.#connect = untilSuccess(() => this.#current.connect());
    void old.close().catch(() => {});
  }
}

/**
 * Creates a client with timeouts, unless the connection string has others. Without a socket timeout, a connection that
 * was lost unnoticed delays polls and the change stream for as long as TCP retransmits.
 *
 * @param socketTimeoutMS 0: none
 */
function newClient(uri: string, socketTimeoutMS: number): MongoClient {
  const isFree = ([name]: [string, number]) => !uri.toLowerCase().includes(`${name.toLowerCase()}=`);
  const bounds = Object.entries({ serverSelectionTimeoutMS, socketTimeoutMS }).filter(isFree);
  try {
    return new MongoClient(uri, Object.fromEntries(bounds));
  } catch {
    // Without the cause: its message may quote a password.
    throw new LogStreamError(
      'ERR_LOG_STREAM_OPTION',
      'MongoLogStore option server: expected a valid connection string',
    );
  }
}

/** @throws NoResponse if the work has not ended in time */
export async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoResponse(`MongoDB has not responded within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
