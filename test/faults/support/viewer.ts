import http from 'node:http';
import type { Socket } from 'node:net';
import { constants, createGunzip } from 'node:zlib';
import { createParser } from 'eventsource-parser';
import { Ledger } from './checker.ts';

/** A browser waits as long as `retry:` says; here, a hundredth of that. */
const patience = 0.01;

export interface ViewerOptions {
  path?: string;
  /** The first event that it must get; `'any'`: whichever comes first. @defaultValue 1 */
  from?: number | 'any';
  lastEventId?: string;
  /** Bytes a second that it reads at most. */
  bytesPerSecond?: number;
  /** Whether it accepts gzip, as browsers do. */
  gzip?: boolean;
}

/** A browser with an `EventSource`: parses, remembers the id, comes back when it is cut, gives up when told to. */
export class Viewer {
  readonly ledger: Ledger;
  /** Connections that it tried. */
  attempts = 0;
  /** Streams that were opened; the first included. */
  opens = 0;
  /** Connections that were over without its doing. */
  cuts = 0;
  /** Reasons of our own events, in order. */
  readonly gaps: string[] = [];
  readonly refusals: string[] = [];
  readonly ends: string[] = [];
  /** When each `sse-proxy:end` came. */
  readonly endedAt: number[] = [];
  heartbeats = 0;
  /** Streams that came compressed. */
  compressed = 0;
  /** The answer that made it give up for good. */
  failed: number | undefined;
  /** From each cut to the next event. */
  readonly recoveryMs: number[] = [];
  lastEventId: string;
  /** Told of every event of the upstream. */
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
  #leftAt: number | undefined;

  constructor(port: () => number, options: ViewerOptions = {}) {
    this.#port = port;
    this.#options = options;
    this.lastEventId = options.lastEventId ?? '';
    this.ledger = new Ledger(options.from === 'any' ? undefined : (options.from ?? 1));
    this.#connect();
  }

  /** Whether a stream is open. */
  get open(): boolean {
    return this.#response !== undefined;
  }

  /** Whether the tab was closed, and the event it had then. */
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
    const parser = createParser({
      onEvent: ({ event, data, id }) => {
        if (id !== undefined) this.lastEventId = id;
        if (event?.startsWith('sse-proxy:')) this.#own(event.slice(10), JSON.parse(data).reason);
        else this.#take(data, id);
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

  #take(data: string, id: string | undefined): void {
    if (this.#cutAt !== undefined) {
      this.recoveryMs.push(performance.now() - this.#cutAt);
      this.#cutAt = undefined;
    }
    this.ledger.take(data, id);
    this.onEvent?.();
  }

  #own(name: string, reason: string): void {
    if (name === 'gap') this.gaps.push(reason);
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
    if (this.gone || this.failed !== undefined) return;
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs * patience);
  }

  /** Its network goes away and comes back: the connection is gone, and it reconnects. */
  blip(how: 'fin' | 'rst' = 'rst'): void {
    if (how === 'rst') this.#socket?.resetAndDestroy();
    else this.#socket?.destroy();
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
