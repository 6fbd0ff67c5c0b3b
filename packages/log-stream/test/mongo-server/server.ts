import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Document, serialize } from 'bson';
import { Connection } from './connection.ts';
import { Database } from './database.ts';
import type { FailCommand } from './failpoints.ts';
import { type ReceivedCommand, type Rewrite, ServerState } from './server-state.ts';
import { toExact, toPlain } from './wire.ts';
import { removeMatching, withId } from './write.ts';

export interface MongoOptions {
  /** @defaultValue 0, a free port, which `restart` keeps */
  readonly port?: number;
  /** Name of the replica set, or false for a standalone server. @defaultValue 'rs0' */
  readonly replicaSet?: string | false;
  /** File that keeps the data. @defaultValue none: the data is in memory, and a restart of this object keeps it */
  readonly file?: string;
  /** Added to the machine's time in `localTime` of `hello`. @defaultValue 0 */
  readonly clockOffsetMs?: number;
  /** Whether {@link ScriptedMongo.commands} is kept. @defaultValue true */
  readonly recordCommands?: boolean;
  /** Changes replies, as another kind of server would. @defaultValue none is changed */
  readonly rewrite?: Rewrite;
}

/** An idle server writes to its oplog this often, so that change streams move on. */
const noopIntervalMs = 10_000;

/** Starts a scripted MongoDB server on the loopback interface. */
export async function startMongo(options: MongoOptions = {}): Promise<ScriptedMongo> {
  const mongo = new ScriptedMongo(options);
  await mongo.start(options.port ?? 0);
  return mongo;
}

/** See `startMongo`. A collection is named by its namespace: `database.collection`. */
export class ScriptedMongo {
  readonly #options: MongoOptions;
  readonly #connections = new Set<Connection>();
  #state: ServerState;
  #server: Server | undefined;
  #noops: NodeJS.Timeout | undefined;
  #resume = () => {};

  constructor(options: MongoOptions) {
    this.#options = options;
    this.#state = this.#newState(new Database(options.file));
  }

  get port(): number {
    return this.#state.port;
  }

  get uri(): string {
    const { replicaSet } = this.#state;
    return `mongodb://127.0.0.1:${this.port}/${replicaSet ? `?replicaSet=${replicaSet}` : ''}`;
  }

  /** Every command received since the last start, in order; `hello` is left out. May be emptied. */
  get commands(): ReceivedCommand[] {
    return this.#state.commands;
  }

  /** Number of `hello` commands received since the last start. Each reply tells whether this server is the primary. */
  get hellos(): number {
    return this.#state.hellos;
  }

  /** Number of open cursors. */
  get cursors(): number {
    return this.#state.cursors.size;
  }

  async start(port: number): Promise<void> {
    const server = createServer((socket) => {
      const connection = new Connection(this.#state, socket);
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#state.port = (server.address() as AddressInfo).port;
    this.#noops = setInterval(() => this.#state.database.noop(), noopIntervalMs).unref();
  }

  /**
   * Inserts documents, as another client would.
   *
   * @param visibleAfterMs how long after the call they become visible, as if a slow transaction had written them
   * @returns once they are visible
   */
  async insert(namespace: string, documents: readonly Document[], { visibleAfterMs = 0 } = {}): Promise<void> {
    const stored = documents.map((document) => {
      const bytes = serialize(document);
      return withId({ exact: toExact(bytes), plain: toPlain(bytes) });
    });
    if (visibleAfterMs > 0) await delay(visibleAfterMs);
    for (const document of stored) this.#state.database.insert(namespace, document);
  }

  /** Deletes the documents that match and returns how many there were. */
  remove(namespace: string, filter: Document): number {
    return removeMatching(this.#state, namespace, filter);
  }

  /** Sets a failpoint; see {@link FailCommand}. @param times how often it acts */
  fail(data: FailCommand, times = 1): void {
    this.#state.failpoints.add(data, times);
  }

  /** Steps down: writes and reads fail, and `hello` announces a secondary, until `stepUp`. */
  stepDown(): void {
    this.#state.setPrimary(false);
  }

  stepUp(): void {
    this.#state.setPrimary(true);
  }

  /** Removes all failpoints. */
  heal(): void {
    this.#state.failpoints.clear();
  }

  /** Loses the history of changes: open change streams and older resume points get error 286. */
  loseHistory(): void {
    this.#state.database.truncateOplog();
  }

  /** Kills all open cursors: their next `getMore` gets error 43. */
  killCursors(): void {
    this.#state.cursors.killAll();
  }

  /** Closes all connections; clients can connect again at once. */
  disconnect(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Stops executing commands and replying, with all connections open, until `resume`. */
  pause(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resume();
    this.#state.gate = promise;
    this.#resume = resolve;
  }

  resume(): void {
    this.#resume();
    this.#resume = () => {};
  }

  /** Stops listening and closes all connections. The data is kept for `restart`. */
  async stop(): Promise<void> {
    clearInterval(this.#noops);
    this.resume();
    const server = this.#server;
    this.#server = undefined;
    this.#state.cursors.killAll();
    if (!server) return;
    server.close();
    this.disconnect();
    await once(server, 'close');
  }

  /** Stops, if it runs, and starts on the same port with the same data. Cursors and failpoints are gone. */
  async restart(): Promise<void> {
    const { port, database } = this.#state;
    await this.stop();
    this.#state = this.#newState(database);
    await this.start(port);
  }

  #newState(database: Database): ServerState {
    const { replicaSet = 'rs0', clockOffsetMs = 0, recordCommands = true, rewrite } = this.#options;
    return new ServerState(database, {
      replicaSet: replicaSet === false ? undefined : replicaSet,
      clockOffsetMs,
      recordsCommands: recordCommands,
      rewrite,
    });
  }
}
