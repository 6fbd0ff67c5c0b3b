import type { Socket } from 'node:net';

/**
 * The fields by which Node's own socket timeout detects whether a large write progresses. They are not public, so
 * nothing relies on their presence.
 */
interface InnerSocket extends Socket {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  /** The TCP socket below a TLS socket. */
  readonly _parent?: InnerSocket | null;
}

/** Bytes that the kernel has not accepted yet; always 0 if Node does not expose their number. */
export function kernelQueueBytes(socket: Socket): number {
  const { _handle, _parent } = socket as InnerSocket;
  return _parent?._handle?.writeQueueSize ?? _handle?.writeQueueSize ?? 0;
}
