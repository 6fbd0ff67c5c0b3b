import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { MongoProcess } from '../../packages/log-stream/test/support/mongo-processes.ts';

/** Where the logs are. */
export interface Database {
  /** Variables of the log service. */
  readonly env: Readonly<Record<string, string>>;
  /** How the pipeline reaches the store. */
  readonly access:
    | { readonly kind: 'sqlite'; readonly path: string }
    | { readonly kind: 'mongodb'; readonly uri: string };
  close(): Promise<void>;
}

/** A file that log service and pipeline share. */
export class SqliteFile implements Database {
  readonly env: Record<string, string>;
  readonly access: { readonly kind: 'sqlite'; readonly path: string };
  readonly #path: string;
  readonly #copy: string;

  constructor(folder: string) {
    this.#path = join(folder, 'logs.db');
    this.#copy = join(folder, 'backup.db');
    this.env = { SQLITE_PATH: this.#path };
    this.access = { kind: 'sqlite', path: this.#path };
  }

  /** Makes a backup while the file is in use. */
  async save(): Promise<void> {
    const source = new DatabaseSync(this.#path);
    await backup(source, this.#copy);
    source.close();
  }

  /** Deletes the database. */
  async remove(): Promise<void> {
    for (const suffix of ['', '-wal', '-shm']) await rm(`${this.#path}${suffix}`, { force: true });
  }

  /** Puts the last backup in the place of the database. */
  async restore(): Promise<void> {
    await this.remove();
    await rename(this.#copy, this.#path);
  }

  async close(): Promise<void> {}
}

/** The scripted MongoDB server: a replica set of one member, in a process of its own. */
export class MongoServer implements Database {
  readonly env: Record<string, string>;
  readonly access: { readonly kind: 'mongodb'; readonly uri: string };
  readonly #process: MongoProcess;
  readonly #file: string;

  private constructor(process: MongoProcess, file: string) {
    this.#process = process;
    this.#file = file;
    const uri = process.uri.replace('/?', '/etl?');
    this.access = { kind: 'mongodb', uri };
    this.env = { MONGODB_URI: uri, MONGODB_CREATE_INDEX: 'true' };
  }

  static async start(folder: string): Promise<MongoServer> {
    const file = join(folder, 'mongo.journal');
    return new MongoServer(await MongoProcess.start(file), file);
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** Starts the killed server again, with its data. */
  restart(): Promise<void> {
    return this.#process.start();
  }

  save(): Promise<void> {
    return cp(this.#file, `${this.#file}.backup`);
  }

  /** Puts the last backup in the place of the data. The server must not run. */
  restore(): Promise<void> {
    return rename(`${this.#file}.backup`, this.#file);
  }

  close(): Promise<void> {
    return this.#process.kill();
  }
}
