import http from 'node:http';
import type { Socket } from 'node:net';
import { constants, createGunzip } from 'node:zlib';
import { createParser } from 'eventsource-parser';
import { createRepeatFilter } from '../../../packages/sse-client/src/entries/repeat-filter.ts';
import { Ledger } from './checker.ts';

/** The part of the `retry:` time that these browsers wait unless the row says otherwise, to keep the tests fast. */
const defaultPatience = 0.01;

export interface ViewerOptions {
  path?: string;
  /** Number of the first event that must arrive; `'any'`: the first one that arrives. @defaultValue 1 */
  from?: number | 'any';
  lastEventId?: string;
  /** Upper bound of what it reads, in bytes a second. */
  bytesPerSecond?: number;
  /** Accepts gzip, as browsers do. */
  gzip?: boolean;
  /** Number of successive events that have the same id. @defaultValue 1 */
  eventsPerId?: number;
  /** Drops events that are repeated after a reconnect, as sse-client does. */
  dropsRepeats?: boolean;
  /** The part of the `retry:` time that it waits. @defaultValue 0.01 */
  patience?: number;
  /** Finds the numbered text in an event's data. Ids are not checked then. @defaultValue the data is that text */
  textOf?: (data: string) => string;
}

/** Imitates a browser's `EventSource`: parses, stores the id, reconnects after a cut, gives up on an error status. */
export class Viewer {
  readonly ledger: Ledger;
  /** Number of connection attempts. */
  attempts = 0;
  /** Number of opened streams, the first included. */
  opens = 0;
  /** Number of streams that ended although it did not close them. */
  cuts = 0;
  /** Reasons of the proxy's own events, in the order of arrival. */
  readonly gaps: string[] = [];
  readonly refusals: string[] = [];
  readonly ends: string[] = [];
  /** Reported states of the upstream, in the order of arrival. */
  readonly states: string[] = [];
  /** Types of the events, successive equal ones once. */
  readonly types: string[] = [];
  /** Time of each `sse-proxy:end`, by `performance.now()`. */
  readonly endedAt: number[] = [];
  heartbeats = 0;
  /** Number of compressed streams. */
  compressed = 0;
  /** The status that made it give up. */
  failed: number | undefined;
  /** Time from each cut to the next event, in ms. */
  readonly recoveryMs: number[] = [];
  lastEventId: string;
  /** Called after each event of the upstream. */
  onEvent: (() => void) | undefined;

  readonly #port: () => number;
  readonly #options: ViewerOptions;
  #request: http.ClientRequest | undefined;
  #response: http.IncomingMessage | undefined;
  #socket: Socket | undefined;
  #retryMs = 2_000;
  #timer: NodeJS.Timeout | undefined;
  #cutAt: number | undefined;
  #reading = true;
  #isOffline = false;
  #leftAt: number | undefined;
  readonly #repeats: ReturnType<typeof createRepeatFilter> | undefined;

  constructor(port: () => number, options: ViewerOptions = {}) {
    this.#port = port;
    this.#options = options;
    this.lastEventId = options.lastEventId ?? '';
    const { from = 1, eventsPerId, dropsRepeats } = options;
    if (dropsRepeats) this.#repeats = createRepeatFilter(() => 10_000);
    this.ledger = new Ledger(from === 'any' ? undefined : from, eventsPerId);
    this.#connect();
  }

  /** True while a stream is open. */
  get open(): boolean {
    return this.#response !== undefined;
  }

  /** True once the tab is closed; `leftAt` is the newest event it had. */
  get gone(): boolean {
    return this.#leftAt !== undefined;
  }
  get leftAt(): number | undefined {
    return this.#leftAt;
  }

  #connect(): void {
    this.attempts++;
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (this.#options.gzip) headers['accept-encoding'] = 'gzip';
    if (this.lastEventId) headers['last-event-id'] = this.lastEventId;
    const { path = '/sse' } = this.#options;
    const request = http.get({ host: '127.0.0.1', port: this.#port(), path, headers, agent: false });
    this.#request = request;
    request.on('socket', (socket) => (this.#socket = socket));
    request.on('error', () => {});
    request.on('response', (response) => this.#read(response));
    request.on('close', () => {
      if (this.#request === request) this.#over();
    });
  }

  #read(response: http.IncomingMessage): void {
    response.on('error', () => {});
    if (response.statusCode !== 200) {
      this.failed = response.statusCode;
      response.resume();
      return;
    }
    this.#response = response;
    this.opens++;
    this.#repeats?.resume(this.lastEventId);
    const parser = createParser({
      onEvent: ({ event, data, id }) => {
        if (id !== undefined) this.lastEventId = id;
        if (event?.startsWith('sse-proxy:')) this.#control(event.slice(10), JSON.parse(data));
        else this.#take(data, id, event ?? 'message');
      },
      onRetry: (retryMs) => (this.#retryMs = retryMs),
      onComment: () => this.heartbeats++,
    });
    const decoder = new TextDecoder();
    const isGzip = response.headers['content-encoding'] === 'gzip';
    if (isGzip) this.compressed++;
    const body = isGzip ? response.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })) : response;
    body.on('error', () => {});
    body.on('data', (chunk: Buffer) => {
      parser.feed(decoder.decode(chunk, { stream: true }));
      const { bytesPerSecond } = this.#options;
      if (!bytesPerSecond) return;
      response.pause();
      setTimeout(() => this.#reading && response.resume(), (chunk.length * 1_000) / bytesPerSecond);
    });
    if (!this.#reading) response.pause();
  }

  #take(data: string, id: string | undefined, event: string): void {
    const [isNew] = this.#repeats?.classify({ id: id ?? '', event, data }) ?? [true];
    if (!isNew) return;
    if (this.types.at(-1) !== event) this.types.push(event);
    if (this.#cutAt !== undefined) {
      this.recoveryMs.push(performance.now() - this.#cutAt);
      this.#cutAt = undefined;
    }
    const { textOf } = this.#options;
    if (textOf) this.ledger.take(textOf(data), undefined);
    else this.ledger.take(data, id);
    this.onEvent?.();
  }

  #control(name: string, { reason = '', state = '', id }: Record<string, string>): void {
    if (name === 'gap') {
      this.gaps.push(reason);
      this.ledger.gap();
      if (reason === 'event-too-large') this.ledger.discarded(Number(id));
    } else if (name === 'upstream') this.states.push(state);
    else if (name === 'refused') this.refusals.push(reason);
    else {
      this.ends.push(reason);
      this.endedAt.push(performance.now());
    }
  }

  #over(): void {
    if (this.#response) this.cuts++;
    this.#response = undefined;
    this.#cutAt ??= performance.now();
    if (this.gone || this.failed !== undefined || this.#isOffline) return;
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs * (this.#options.patience ?? defaultPatience));
  }

  /** Loses the connection and reconnects, as after a short network failure. */
  blip(how: 'fin' | 'rst' = 'rst'): void {
    // Node can't reset a socket that it shuts down behind a whole response: it would never report its end.
    if (how === 'rst' && !this.#response?.complete) this.#socket?.resetAndDestroy();
    else this.#socket?.destroy();
  }

  /** Loses the network, without a connection until `online()`. */
  offline(): void {
    this.#isOffline = true;
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  online(): void {
    this.#isOffline = false;
    this.#connect();
  }

  stopReading(): void {
    this.#reading = false;
    this.#response?.pause();
  }

  read(): void {
    this.#reading = true;
    this.#response?.resume();
  }

  /** Closes the tab. */
  leave(): void {
    this.#leftAt ??= this.ledger.last ?? 0;
    clearTimeout(this.#timer);
    this.#request?.destroy();
    this.#response = undefined;
  }
}
