import { SseProxyError } from '../../src/errors.ts';
import { TokenBackoff } from '../../src/upstream/token-backoff.ts';
import type { Upstream, UpstreamConnection, UpstreamHandler, UpstreamRequest } from '../../src/upstream/upstream.ts';

/**
 * An upstream without sockets, for tests that decide when each byte arrives. It keeps all its events, numbered from 1,
 * and resumes after the Last-Event-ID. Nothing arrives by itself: see {@link MemoryConnection}.
 */
export class MemoryUpstream implements Upstream {
  readonly tokenBackoff = new TokenBackoff();
  readonly log: string[] = [];
  /** Requests under way. */
  readonly live: MemoryConnection[] = [];
  /** Refuses connects. */
  down = false;
  /** Sends no headers to new requests until bytes arrive there. */
  hangs = false;
  /** How many events up to the cursor are sent again when a feed resumes. */
  repeats = 0;
  /** Where each feed began; a feed is the handler of all its connections. */
  readonly #firstCursors = new WeakMap<UpstreamHandler, number>();

  get connections(): number {
    return this.live.length;
  }

  /** Appends events; connections get their bytes. */
  emit(bytes: string): void {
    this.log.push(bytes);
    for (const connection of this.live) connection.queue(bytes);
  }

  open(request: UpstreamRequest, handler: UpstreamHandler): UpstreamConnection {
    const field = (name: string) => request.headers.find((_, at) => request.headers[at - 1] === name);
    const resumesAt = field('last-event-id');
    const cursor = Number(resumesAt ?? this.log.length);
    // Only events that the feed has received can be repeats.
    const first = resumesAt === undefined ? cursor : (this.#firstCursors.get(handler) ?? cursor);
    this.#firstCursors.set(handler, first);
    const from = Math.max(first, cursor - this.repeats);
    const connection = new MemoryConnection(handler, () => {
      const at = this.live.indexOf(connection);
      if (at >= 0) this.live.splice(at, 1);
    });
    if (this.down) {
      queueMicrotask(() => connection.refuse());
    } else {
      this.live.push(connection);
      for (const bytes of this.log.slice(from)) connection.queue(bytes);
      if (!this.hangs) queueMicrotask(() => connection.begin());
    }
    return connection;
  }
}

/** Buffers sent bytes, as a socket does, until the test lets them arrive. */
export class MemoryConnection implements UpstreamConnection {
  readonly #handler: UpstreamHandler;
  readonly #onEnd: () => void;
  #waiting: Buffer = Buffer.alloc(0);
  #paused = false;
  #begun = false;
  #over = false;
  #ends = false;
  /** Nothing arrives while it is set. */
  stalled = false;

  constructor(handler: UpstreamHandler, onEnd: () => void) {
    this.#handler = handler;
    this.#onEnd = onEnd;
  }

  queue(bytes: string): void {
    if (!this.#ends) this.#waiting = Buffer.concat([this.#waiting, Buffer.from(bytes)]);
  }

  /** Changes the bytes that have not arrived yet. */
  rewrite(change: (text: string) => string): void {
    this.#waiting = Buffer.from(change(this.#waiting.toString()));
  }

  begin(): void {
    if (this.#over || this.#begun) return;
    this.#begun = true;
    this.#handler.onHeaders({});
  }

  refuse(): void {
    if (!this.#finish()) return;
    this.#handler.onError(new SseProxyError('ERR_SSE_UPSTREAM_CONNECT'));
  }

  /** Lets up to `bytes` arrive, in slices; each in memory of its own. */
  arrive(bytes: number, slice: number): void {
    if (!this.stalled) this.begin();
    let left = bytes;
    while (left > 0 && this.#waiting.length > 0 && this.#flows) {
      const chunk = Buffer.from(this.#waiting.subarray(0, Math.min(slice, left)));
      this.#waiting = this.#waiting.subarray(chunk.length);
      left -= chunk.length;
      this.#handler.onData(chunk);
    }
    if (this.#ends && this.#waiting.length === 0 && this.#flows && this.#finish()) this.#handler.onComplete();
  }

  /** Lets some percent of the waiting bytes arrive, in slices. */
  arrivePart(percent: number, slice: number): void {
    this.arrive(Math.ceil((this.#waiting.length * percent) / 100), slice);
  }

  /** The upstream ends it, or it breaks, behind some percent of the waiting bytes. */
  cut(percent: number, how: 'fin' | 'rst'): void {
    const kept = Math.floor((this.#waiting.length * percent) / 100);
    if (how === 'fin') return this.fin(kept);
    this.arrive(kept, 17);
    this.rst();
  }

  /** The upstream ends it behind the first `kept` of the waiting bytes: they still arrive. */
  fin(kept: number): void {
    this.#ends = true;
    this.#waiting = this.#waiting.subarray(0, kept);
    this.arrive(0, 1);
  }

  /** It breaks; what waits is lost. */
  rst(): void {
    if (!this.#finish()) return;
    this.#handler.onError(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN'));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  abort(): void {
    this.#finish();
  }

  get #flows(): boolean {
    return this.#begun && !this.#over && !this.#paused && !this.stalled;
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#onEnd();
    return true;
  }
}
