import type { SseProxyError } from '../errors.ts';
import type { Inspectable } from './stats.ts';
import type { CloseReason, GapReason, SseEvent, StreamInfo } from './stream.ts';

/** Passed to {@link SseObserver.onAttach}. */
export interface AttachContext extends Inspectable {
  /**
   * The option `name`; undefined if routes are named after their path template, which is not available before the first
   * request.
   */
  readonly name: string | undefined;
  /** Names of the limits: `total`, `upstreams` and those of `limits.rules`; empty with a {@link StreamLimiter}. */
  readonly rules: readonly string[];
}

/** Passed to {@link SseObserver.onFirstEvent}. */
export interface FirstEventContext {
  /** The stream. */
  readonly stream: StreamInfo;
  /** Time from the browser's request to its first upstream event, in milliseconds. */
  readonly waitedMs: number;
}

/** Passed to {@link SseObserver.onEvent}. */
export interface EventContext {
  /** The stream. */
  readonly stream: StreamInfo;
  /** The event as it was written. Its id and its data may be secrets. */
  readonly event: Readonly<SseEvent>;
}

/** Names a span, in the form of OpenTelemetry's `SpanContext`. */
export interface SpanReference {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** 1 if the span is recorded, else 0. */
  readonly traceFlags: number;
}

/** Passed to {@link SseObserver.onOpen}. */
export interface OpenContext {
  /** The stream that opened. */
  readonly stream: StreamInfo;
  /** Time from the browser's request to the open, in milliseconds. */
  readonly waitedMs: number;
  /** True if the response was opened before the upstream had responded, after `openAfterMs`. */
  readonly early: boolean;
  /**
   * The first 16 hex digits of the SHA-256 of the Last-Event-ID that the browser came back with: an audit can compare
   * it without holding the id. Undefined if it sent none.
   */
  readonly lastEventIdHash: string | undefined;
  /**
   * The span of the shared upstream request that serves the stream now, to link the browser's span to it. Undefined
   * without a tracing agent, and in dedicated mode, where that span is a child of the browser's.
   */
  readonly sharedSpan: SpanReference | undefined;
}

/** Passed to {@link SseObserver.onClose}. */
export interface CloseContext {
  /** The stream that ended. */
  readonly stream: StreamInfo;
  /** Why it ended. */
  readonly reason: CloseReason;
  /** The error that ended it; undefined for an end without one. */
  readonly error: SseProxyError | undefined;
  /** Time from `onOpen` to the end, in milliseconds. */
  readonly durationMs: number;
  /** Upstream events written to the browser. */
  readonly events: number;
  /**
   * Bytes written to the browser, heartbeats and the proxy's own events included; HTTP framing, and the
   * `sse-proxy:end` or `sse-proxy:refused` event that ends the stream, excluded.
   */
  readonly bytes: number;
}

/** Passed to {@link SseObserver.onRefuse}. */
export interface RefuseContext {
  /** The request that got no stream; its `id` is as unique as a stream's. */
  readonly stream: StreamInfo;
  /** Why it was refused. */
  readonly error: SseProxyError;
  /** The HTTP status that was sent; 200 for a soft refusal. */
  readonly status: number;
  /** The retry time that the browser was sent, in milliseconds; undefined if it was refused for good. */
  readonly retryMs: number | undefined;
}

/** Passed to {@link SseObserver.onEvict}. */
export interface EvictContext {
  /** The stream of the slow browser. */
  readonly stream: StreamInfo;
  /** The bound of `slowClient` that was exceeded. */
  readonly bound: 'maxBufferedBytes' | 'maxStallMs' | 'maxTotalBytes';
  /** Bytes that were buffered for the browser. */
  readonly bufferedBytes: number;
}

/** Passed to {@link SseObserver.onUpstreamLost}. */
export interface UpstreamLostContext {
  /** As {@link StreamInfo.route}. */
  readonly route: string;
  /** The stream whose upstream it is; undefined for a shared feed. */
  readonly stream: StreamInfo | undefined;
  /** What failed. */
  readonly error: SseProxyError;
  /** Upstream requests that have failed since the last new event; 0 if a connection broke that had delivered one. */
  readonly attempts: number;
  /** Browsers that are waiting for the upstream. */
  readonly browsers: number;
}

/** Passed to {@link SseObserver.onResume}. */
export interface ResumeContext {
  /** As {@link StreamInfo.route}. */
  readonly route: string;
  /** The stream whose upstream it is; undefined for a shared feed. */
  readonly stream: StreamInfo | undefined;
  /** Upstream requests until one succeeded. */
  readonly attempts: number;
  /** Time from the loss of the upstream to its new response, in milliseconds. */
  readonly outageMs: number;
  /** Browsers that were waiting. */
  readonly browsers: number;
}

/** Passed to {@link SseObserver.onGap}. */
export interface GapContext {
  /** As {@link StreamInfo.route}. */
  readonly route: string;
  /** The stream that got the gap event; undefined if all browsers of a shared feed got it. */
  readonly stream: StreamInfo | undefined;
  /** Why continuity can't be proven. */
  readonly reason: GapReason;
  /** Browsers that got the gap event. */
  readonly browsers: number;
}

/** Passed to {@link SseObserver.onError}. */
export interface ErrorContext {
  /** The stream, or the request that gets none. */
  readonly stream: StreamInfo;
  /** What failed. */
  readonly error: SseProxyError;
}

/**
 * Watches streams: for metrics, logs and audit. Each hook gets one context object. The hooks of several observers run
 * in the order of the `observers` array. What a hook throws or rejects with is dropped: it can't affect a stream. A
 * hook runs synchronously on the stream's path: it must not block.
 */
export interface SseObserver {
  /** The middleware was made. Called once for each middleware that has this observer, before any other hook. */
  onAttach?(context: AttachContext): void;
  /**
   * A stream opened: its headers are sent, no event yet. Called once per stream, before any other hook but `onError`.
   */
  onOpen?(context: OpenContext): void;
  /** The first upstream event of a stream was written. Called at most once per stream, after `onOpen`. */
  onFirstEvent?(context: FirstEventContext): void;
  /**
   * An upstream event was written to the browser; not called for the proxy's own events. For debugging: each event is
   * then parsed once more for each browser. Without an observer that has this hook, nothing is parsed, and events cost
   * nothing more.
   */
  onEvent?(context: EventContext): void;
  /**
   * An open stream ended. Called exactly once for every `onOpen`, after the `onEvict` or `onError` of the same cause.
   */
  onClose?(context: CloseContext): void;
  /** A request got no stream: a refusal was sent. Not called for a request that was aborted before. */
  onRefuse?(context: RefuseContext): void;
  /**
   * An upstream was lost, and is to be resumed. Called when its connection breaks, and again when a reconnect fails
   * with another code than before; once per upstream connection, however many browsers share it.
   */
  onUpstreamLost?(context: UpstreamLostContext): void;
  /** A lost upstream is back. Called once per upstream connection, however many browsers share it. */
  onResume?(context: ResumeContext): void;
  /** Browsers were sent a gap event. Called once per feed and gap, before the events that follow the gap. */
  onGap?(context: GapContext): void;
  /** A browser is disconnected because it reads too slowly. Called before the `onClose` with reason `evicted`. */
  onEvict?(context: EvictContext): void;
  /** An error ended a stream or refused a request. Called before the `onClose` or `onRefuse` that it causes. */
  onError?(context: ErrorContext): void;
}
