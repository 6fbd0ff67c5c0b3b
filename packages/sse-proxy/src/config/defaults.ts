/** The defaults of the options. Times in milliseconds, sizes in bytes. */
export const defaults = {
  forwardHeaders: ['authorization', 'accept-language', 'traceparent', 'tracestate', 'x-request-id'],
  responseHeaders: ['x-request-id', 'server-timing', 'traceresponse'],
  heartbeatMs: 15_000,
  retryMs: 2_000,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 120_000,
  openAfterMs: 3_000,
  idleTimeoutMs: 120_000,
  hookTimeoutMs: 10_000,
  maxEventBytes: 1_048_576,
  slowClient: { maxBufferedBytes: 1_048_576, maxStallMs: 30_000, maxTotalBytes: 268_435_456 },
  resume: { minDelayMs: 500, maxDelayMs: 10_000, maxOutageMs: 60_000, afterEnd: 'resume' },
  share: { lingerMs: 5_000, replay: { maxEvents: 10_000, maxBytes: 4_194_304, maxAgeMs: 300_000 } },
  limits: { total: 10_000 },
  refuse: 'soft',
} as const;

/**
 * Shortest retry time of a soft refusal. It is jittered up to twice as long, so that browsers don't return together.
 */
export const refusalRetryMs = 5_000;

/**
 * Upper bound of an upstream's Retry-After and `retry:`, before jitter, for browsers and for the proxy's own
 * reconnects.
 */
export const maxRetryMs = 300_000;

/** Longest Last-Event-ID that is forwarded. The stream of a browser with a longer one begins with a gap. [R24] */
export const maxLastEventIdBytes = 4_096;

/** Longest time for which `close()` waits for the last bytes of ended streams to reach their browsers. */
export const closeFlushMs = 1_000;

/** Largest header section of an upstream's response: undici's and Node's own default. */
export const maxHeaderBytes = 16_384;

/** Most backfills at once: upstream requests for browsers whose id a shared feed's ring no longer holds. */
export const maxBackfills = 32;

/** Most streams that begin, or open after their upstream's headers, in one turn of the event loop. */
export const maxOpensPerTurn = 32;

/** Approximate size of one write to a browser that is behind a shared feed. */
export const replaySliceBytes = 65_536;
