import type { Server, ServerResponse } from 'node:http';
import { type LogDocument, type LogStreamRouter, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import express from 'express';
import { type Bff, bff } from '../../../examples/datashop/src/bff/app.ts';
import { streamPath } from '../../../examples/datashop/src/demo.ts';
import { closeServer, listen } from '../../../examples/datashop/src/listen.ts';
import { keptSessions } from './kept-sessions.ts';
import { log } from './viewer.ts';
import { type Gate, pass, track, upstreamStreamPath } from './viewer-gates.ts';

const token = 'of-the-log-service';

/**
 * Longest wait for a condition, in milliseconds: below the limit of a test, so that the error says what was missing.
 */
const limitMs = 60_000;

/** Each stage has the port of the one before it, because a browser's caches belong to an origin. */
let lastPort = 0;

/**
 * The viewer's whole back end in this process, on real sockets: BFF, log service and store, with gates at which a test
 * refuses, cuts, silences or falsifies. Its logs are numbered: "Line 1", "Line 2", …
 */
export class Stage {
  /** In front of the BFF's stream. */
  browserGate: Gate;
  /** In front of the log service: streams, pages, health. */
  serviceGate: Gate;
  /** True: the log service ignores Last-Event-ID. */
  isForgetful = false;
  /** The Last-Event-ID of every stream request to the log service. */
  readonly asked: string[] = [];
  #store!: SqliteLogStore;
  #router!: LogStreamRouter;
  readonly #upstreams = new Set<ServerResponse>();
  readonly #browsers = new Set<ServerResponse>();
  #written = 0;
  #flow: Promise<void> | undefined;
  #flowing = false;
  #service!: Server;
  #bff!: Bff;
  #front!: Server;
  #port = 0;
  #servicePort = 0;
  #sessions = keptSessions();

  static async open(): Promise<Stage> {
    const stage = new Stage();
    stage.#begin();
    stage.#port = lastPort;
    await stage.#listenForBff();
    stage.#bff = stage.#newBff();
    await stage.up();
    return stage;
  }

  /** Restarts the log service with an empty store of another epoch. */
  async renew(maxLogs?: number): Promise<void> {
    await this.#end();
    this.#begin(maxLogs);
  }

  #begin(maxLogs?: number): void {
    this.#store = new SqliteLogStore({ path: ':memory:', ...(maxLogs && { maxLogs }) });
    this.#router = logStreamRouter({ store: this.#store, token, retryMs: false });
  }

  async #end(): Promise<void> {
    await this.#router.close();
    await this.#store.close();
  }

  get url(): string {
    return `http://localhost:${this.#port}/`;
  }

  get streamUrl(): string {
    return `http://localhost:${this.#port}${streamPath}`;
  }

  /** Number of streams open at the log service. */
  get upstreams(): number {
    return this.#upstreams.size;
  }

  /** Number of streams open at the BFF. */
  get browsers(): number {
    return this.#browsers.size;
  }

  /** The number of the newest log. */
  get written(): number {
    return this.#written;
  }

  /** Appends numbered logs in one transaction. */
  async write(count = 1): Promise<void> {
    const first = this.#written + 1;
    this.#written += count;
    await this.append(...Array.from({ length: count }, (_, index) => log(first + index)));
  }

  async append(...logs: LogDocument[]): Promise<void> {
    await this.#store.append(logs);
  }

  /** Writes numbered logs one by one. @returns the function that stops it */
  flow(): () => Promise<void> {
    this.#flowing = true;
    this.#flow = (async () => {
      while (this.#flowing) {
        await this.write();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    return () => this.#stopFlow();
  }

  /** Writes raw bytes into all open streams of the log service. */
  say(text: string): void {
    for (const upstream of this.#upstreams) upstream.write(text);
  }

  /** Destroys the streams between log service and BFF. */
  cut(): void {
    for (const upstream of this.#upstreams) upstream.destroy();
  }

  /** Destroys the streams between BFF and browsers. */
  cutBrowsers(): void {
    for (const browser of this.#browsers) browser.destroy();
  }

  /** Discards everything that the BFF writes to its present browsers, like a dead connection without a reset. */
  silence(): void {
    for (const browser of this.#browsers) browser.write = () => true;
  }

  /** Resolves when the BFF has this many streams open. */
  async untilBrowsers(count: number): Promise<void> {
    const endAt = Date.now() + limitMs;
    while (this.browsers !== count) {
      if (Date.now() > endAt) throw new Error(`The BFF has ${this.browsers} streams open, expected ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Stops the BFF's listener and destroys its connections. */
  async down(): Promise<void> {
    await close(this.#front);
  }

  /** Listens at the same address again, with the same sessions. */
  async up(): Promise<void> {
    const app = express().get(streamPath, (req, res, next) => {
      track(this.#browsers, res);
      pass(this.browserGate, req, res, next);
    });
    const { server, port } = await listen(app.use(this.#bff.app), this.#port, '127.0.0.1');
    this.#front = server;
    this.#port = port;
    lastPort = port;
  }

  /**
   * Starts another BFF at the same address after the present one was killed, or has ended as SIGTERM ends it
   * (`isDrained`). Without `keepSessions`, the sessions are lost.
   */
  async restartBff({ isDrained = false, keepSessions = true } = {}): Promise<void> {
    if (isDrained) await this.#bff.drain(0);
    await this.down();
    await this.#bff.drain(0);
    if (!keepSessions) this.#sessions = keptSessions();
    this.#bff = this.#newBff();
    await this.up();
  }

  /** Ends the log service, runs `meanwhile`, and starts the service again with the same logs. */
  async restartService(meanwhile: () => Promise<void>): Promise<void> {
    await this.#router.close();
    await close(this.#service);
    await meanwhile();
    this.#router = logStreamRouter({ store: this.#store, token, retryMs: false });
    await this.#listenForBff();
  }

  async close(): Promise<void> {
    await this.#stopFlow();
    await this.#bff.drain(0);
    if (this.#front.listening) await this.down();
    await close(this.#service);
    await this.#end();
  }

  #newBff(): Bff {
    return bff({ upstream: `http://127.0.0.1:${this.#servicePort}`, token, sessions: this.#sessions });
  }

  async #listenForBff(): Promise<void> {
    const { server, port } = await listen(this.#serviceApp(), this.#servicePort, '127.0.0.1');
    this.#service = server;
    this.#servicePort = port;
  }

  async #stopFlow(): Promise<void> {
    this.#flowing = false;
    await this.#flow;
  }

  #serviceApp(): express.Express {
    const app = express();
    app.use((req, res, next) => pass(this.serviceGate, req, res, next));
    app.get(upstreamStreamPath, (req, res, next) => {
      this.asked.push(req.get('last-event-id') ?? '');
      track(this.#upstreams, res);
      if (this.isForgetful) delete req.headers['last-event-id'];
      next();
    });
    return app.use((req, res, next) => this.#router(req, res, next));
  }
}

/** Destroys the server's connections. Resolves when it is closed. */
async function close(server: Server): Promise<void> {
  const closed = closeServer(server);
  server.closeAllConnections();
  await closed;
}
