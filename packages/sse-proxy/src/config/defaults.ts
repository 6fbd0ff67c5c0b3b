/** The only place where a default value lives. Times in milliseconds, sizes in bytes. */
export const defaults = {
  forwardHeaders: ['authorization', 'accept-language', 'traceparent', 'tracestate', 'x-request-id'],
  heartbeatMs: 15_000,
  retryMs: 2_000,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  idleTimeoutMs: 120_000,
  hookTimeoutMs: 10_000,
  maxEventBytes: 1_048_576,
  slowClient: { maxBufferedBytes: 1_048_576, maxStallMs: 30_000, maxTotalBytes: 268_435_456 },
  resume: { minDelayMs: 500, maxDelayMs: 10_000, maxOutageMs: 60_000 },
  share: { lingerMs: 5_000, replay: { maxEvents: 10_000, maxBytes: 4_194_304, maxAgeMs: 300_000 } },
  limits: { total: 10_000 },
  refuse: 'soft',
} as const;

/** A refused browser comes back after this long or up to twice as long, so that those refused at once spread. */
export const refusalRetryMs = 5_000;

/** No upstream's Retry-After or `retry:` makes us or a browser wait longer. */
export const maxRetryMs = 300_000;

/** Longest Last-Event-ID that is passed on; longer ones are answered 400. */
export const maxLastEventIdBytes = 4_096;

/** How long `close()` waits for the last bytes of a stream that ended to reach a browser that may not be reading. */
export const closeFlushMs = 1_000;

/** undici's and Node's own default: an upstream's header section may not be larger. */
export const maxHeaderBytes = 16_384;

/** Browsers whose id a shared feed does not hold are caught up by upstream requests of their own; this many at once. */
export const maxBackfills = 32;

/** Streams that are begun, or opened after a wait for their upstream, in one turn of the event loop. */
export const maxOpensPerTurn = 32;

/** A browser that is behind a shared feed gets about this many bytes in one write. */
export const replaySliceBytes = 65_536;
