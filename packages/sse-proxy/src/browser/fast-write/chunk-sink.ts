/**
 * Sends the bytes of one response whose headers were sent. Fourth and last of the interfaces on the event path:
 * `ResponseWriter`, the last `EventHandler`, calls it. `SocketSink` implements it by the socket's own `write`,
 * `ResponseSink` by `res.write`.
 */
export interface ChunkSink {
  /** True if bytes are buffered in this process, and the writer should pause until {@link SinkOwner.onDrain}. */
  readonly isFull: boolean;
  /** Bytes passed to `write()` that the kernel (or another transport) has not accepted yet. */
  readonly bufferedBytes: number;
  /** Sends `bytes`, which are valid only during the call. */
  write(bytes: Buffer): void;
  /** Sends batched bytes now. */
  flush(): void;
  /** True if the browser has read some of the buffered bytes since the last call. */
  tookBytes(): boolean;
  /** Sends `bytes`, if any, and ends the response. Nothing is written afterwards. */
  end(bytes?: Buffer): void;
  /** Removes every listener. Nothing is written afterwards. */
  close(): void;
}

/** The response writer, as a sink sees it. */
export interface SinkOwner {
  /** The sink has become full. */
  onFull(): void;
  /** The sink is no longer full. */
  onDrain(): void;
  /** A middleware's wrapper of `write` or `end` threw `cause`; the response is unusable. */
  onSinkError(cause: unknown): void;
}

/** How a sink may send. */
export interface SinkOptions {
  /** False: always use `res.write`. */
  readonly fastPath: boolean;
  /** True if other browsers are sent the same bytes. */
  readonly isShared: boolean;
}
