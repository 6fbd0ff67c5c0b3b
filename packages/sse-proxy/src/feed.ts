import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from './errors.ts';
import { Framer } from './framing.ts';
import type { Beating, Heartbeat } from './heartbeat.ts';
import type { Config } from './options.ts';
import type { CloseReason } from './types.ts';
import type { Upstream, UpstreamConnection, UpstreamRequest } from './upstream.ts';

/** What a feed delivers to the one that reads it. */
export interface FeedReader {
  /** Whole events and comments, in order; `isEvent` as in framing. Contiguous ones come as one slice. */
  onFrames(bytes: Buffer, events: number): void;
  /** The upstream is over: no more frames come. */
  onOver(reason: CloseReason, error: SseProxyError | undefined): void;
}

/** What a {@link Feed} is made of. */
export interface FeedParts {
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
  /** The browser's Last-Event-ID, a byte string. */
  readonly cursor: string;
  readonly config: Pick<Config, 'idleTimeoutMs' | 'idleTimeoutIsSet' | 'maxEventBytes'>;
  readonly heartbeat: Heartbeat;
  /** Whether every frame is handed on alone, not merged with its neighbours. */
  readonly single: boolean;
}

/** One upstream subscription: connect → frame → reader. */
export class Feed implements Beating {
  readonly #parts: FeedParts;
  readonly #framer: Framer;
  #connection: UpstreamConnection | undefined;
  #reader: FeedReader | undefined;
  #stopBeating = () => {};
  #over = false;
  #outcome: Parameters<FeedReader['onOver']> | undefined;
  #paused = false;
  #quietBeats = 0;

  // The run of contiguous frames that is still to be handed on.
  #source: Buffer | undefined;
  #start = 0;
  #end = 0;
  #events = 0;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#framer = new Framer(this.#collect, parts.config.maxEventBytes, parts.cursor);
  }

  /** Opens the upstream request; resolves with its headers. Nothing is read until {@link read}. */
  connect(): Promise<IncomingHttpHeaders> {
    return new Promise((resolve, reject) => {
      let open = false;
      this.#connection = this.#parts.upstream.open(this.#parts.request, {
        onHeaders: (headers) => {
          open = true;
          this.pause();
          resolve(headers);
        },
        onData: (chunk) => this.#receive(chunk),
        onEnd: () => this.#finish('upstream-ended'),
        onError: (error) => {
          if (open) this.#finish('upstream-broken', error);
          else reject(error);
        },
      });
    });
  }

  /** Lets the events flow to `reader`. */
  read(reader: FeedReader): void {
    this.#reader = reader;
    if (this.#outcome) return reader.onOver(...this.#outcome);
    if (this.#over) return;
    if (this.#parts.config.idleTimeoutMs !== false) this.#stopBeating = this.#parts.heartbeat.add(this);
    this.resume();
  }

  pause(): void {
    this.#paused = true;
    this.#connection?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#connection?.resume();
  }

  /** Ends the upstream request, whatever its phase. The reader hears nothing more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopBeating();
    this.#connection?.abort();
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    this.#quietBeats = 0;
    try {
      this.#framer.push(chunk);
      this.#flush();
    } catch (error) {
      this.#flush();
      if (!(error instanceof SseProxyError)) throw error;
      this.#finish('event-too-large', error);
    }
  }

  #collect = (source: Buffer, start: number, end: number, isEvent: boolean): void => {
    if (this.#source !== source || this.#end !== start || this.#parts.single) {
      this.#flush();
      this.#source = source;
      this.#start = start;
    }
    this.#end = end;
    if (isEvent) this.#events++;
  };

  #flush(): void {
    const source = this.#source;
    if (!source) return;
    const events = this.#events;
    this.#source = undefined;
    this.#events = 0;
    if (!this.#over) this.#reader?.onFrames(source.subarray(this.#start, this.#end), events);
  }

  /** Counts the upstream's silence; while nothing is read, nothing is known of it. */
  beat(): void {
    const { idleTimeoutMs, idleTimeoutIsSet } = this.#parts.config;
    if (this.#paused || idleTimeoutMs === false) return;
    if (!idleTimeoutIsSet && !this.#framer.showsLife) return;
    this.#quietBeats++;
    if (this.#quietBeats * this.#parts.heartbeat.periodMs > idleTimeoutMs) setImmediate(this.#checkSilence);
  }

  // Runs after the sockets were looked at once more: bytes that were waiting have reset the count.
  #checkSilence = (): void => {
    if (this.#over || this.#quietBeats === 0) return;
    const message = `nothing from the upstream for ${this.#parts.config.idleTimeoutMs} ms`;
    this.#finish('upstream-idle', new SseProxyError('ERR_SSE_UPSTREAM_IDLE', { message }));
  };

  #finish(reason: CloseReason, error?: SseProxyError): void {
    if (this.#over) return;
    this.close();
    this.#outcome = [reason, error];
    this.#reader?.onOver(reason, error);
  }
}
