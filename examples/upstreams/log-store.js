// Logs in SQLite, as event-stream text. `node log-store.js` appends one log per second.
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const page = 500;

export class LogStore {
  #database;

  /** @param {string} path */
  constructor(path) {
    this.#database = new DatabaseSync(path, { timeout: 5_000 });
    this.#database.exec(readFileSync(new URL('logs.sql', import.meta.url), 'utf8'));
  }

  /** @param {unknown} log */
  append(log) {
    this.#database.prepare('INSERT INTO logs (data) VALUES (?)').run(JSON.stringify(log));
  }

  epoch() {
    return String(this.#database.prepare('SELECT epoch FROM store').get()?.epoch);
  }

  /** Numbers of the oldest stored log and of the newest one ever; `first` is after `last` if none is stored. */
  bounds() {
    const sql = 'SELECT (SELECT min(number) FROM logs) AS first, (SELECT max(seq) FROM sqlite_sequence) AS last';
    const row = this.#database.prepare(sql).get();
    const last = Number(row?.last ?? 0);
    return { first: Number(row?.first ?? last + 1), last };
  }

  /** At most `page` logs after a number. @param {number} number */
  after(number) {
    const sql = 'SELECT number, data FROM logs WHERE number > ? ORDER BY number LIMIT ?';
    return this.#database.prepare(sql).all(number, page);
  }

  close() {
    this.#database.close();
  }
}

/** The event that says that logs may be missing here. It has no id, so the browser keeps its position. */
const gap = (reason) => `event: sse-proxy:gap\ndata: {"reason":"${reason}"}\n\n`;

/** The position of one stream in the logs: everything after it is still to be sent. */
export class Subscription {
  #store;
  #epoch;
  #position;
  firstText = '';

  /** @param {LogStore} store @param {string} lastEventId '' if the client sent none */
  constructor(store, lastEventId) {
    this.#store = store;
    this.#epoch = store.epoch();
    const { first, last } = store.bounds();
    const known = new RegExp(`^${this.#epoch}-([0-9]{1,15})$`).exec(lastEventId);
    if (known && Number(known[1]) <= last) {
      this.#position = Number(known[1]);
    } else if (lastEventId) {
      // An id that this store never gave: send all logs, and never start silently at the newest one.
      this.#position = first - 1;
      this.firstText = gap('unknown-id');
    } else {
      // New logs only. With this id, a client whose stream breaks before its first log can resume.
      this.#position = last;
      this.firstText = `id: ${this.#epoch}-${last}\n\n`;
    }
  }

  /** Returns the events after the position, at most `page`, and moves the position. '' if there are none. */
  nextText() {
    const logs = this.#store.after(this.#position);
    if (logs.length === 0) return '';
    const text = logs[0].number === this.#position + 1 ? '' : gap('trimmed');
    this.#position = logs.at(-1).number;
    return text + logs.map(({ number, data }) => `id: ${this.#epoch}-${number}\ndata: ${data}\n\n`).join('');
  }
}

if (import.meta.main) {
  const store = new LogStore(process.env.SQLITE_PATH ?? 'logs.db');
  setInterval(() => store.append({ level: 'INFO', message: 'a log', date: new Date() }), 1_000);
}
