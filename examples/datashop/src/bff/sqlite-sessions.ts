import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import session, { type SessionData } from 'express-session';

/**
 * Sessions in a SQLite file that all BFFs of one machine share: a browser may come to any of them. On several machines,
 * use a store over the network.
 */
export class SqliteSessions extends session.Store {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    super();
    // SQLite gives its other files the mode of this one.
    closeSync(openSync(path, 'a', 0o600));
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA busy_timeout = 2000;
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, data TEXT NOT NULL, expires INTEGER NOT NULL)`);
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#answer(done, () => {
      const row = this.#database.prepare('SELECT data FROM sessions WHERE id = ? AND expires > ?').get(id, Date.now());
      return row ? (JSON.parse(row.data as string) as SessionData) : null;
    });
  }

  override set(id: string, data: SessionData, done: (error?: unknown) => void = () => {}): void {
    this.#answer(done, () => {
      const expires = Date.now() + (data.cookie.originalMaxAge ?? 0);
      this.#database.prepare('DELETE FROM sessions WHERE expires <= ?').run(Date.now());
      this.#database.prepare('REPLACE INTO sessions VALUES (?, ?, ?)').run(id, JSON.stringify(data), expires);
    });
  }

  override touch(id: string, data: SessionData, done: () => void = () => {}): void {
    this.#answer(done, () => {
      const expires = Date.now() + (data.cookie.originalMaxAge ?? 0);
      this.#database.prepare('UPDATE sessions SET expires = ? WHERE id = ?').run(expires, id);
    });
  }

  override destroy(id: string, done: (error?: unknown) => void = () => {}): void {
    this.#answer(done, () => void this.#database.prepare('DELETE FROM sessions WHERE id = ?').run(id));
  }

  /** Calls back asynchronously, as stores over a network do: express-session relies on it. */
  #answer<T>(done: (error: unknown, result?: T) => void, query: () => T): void {
    setImmediate(() => {
      let result: T;
      try {
        result = query();
      } catch (error) {
        return done(error);
      }
      done(null, result);
    });
  }
}
