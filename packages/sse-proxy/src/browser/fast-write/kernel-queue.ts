import type { Socket } from 'node:net';

/**
 * What Node's own socket timeout reads to see whether a large write progresses. Not public, so nothing relies on it.
 */
interface InnerSocket extends Socket {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  /** The TCP socket below a TLS socket. */
  readonly _parent?: InnerSocket | null;
}

/** Bytes that wait for the kernel, or a constant if that can't be known. */
export function kernelQueueBytes(socket: Socket): number {
  const { _handle, _parent } = socket as InnerSocket;
  return _parent?._handle?.writeQueueSize ?? _handle?.writeQueueSize ?? 0;
}
