import { OutgoingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/*
 * `res.write` frames a chunk again for each subscriber and passes three buffers to the kernel. Where the bytes on the
 * wire are the same, a batch is framed once and written to the socket of each subscriber as one buffer.
 *
 * That is the case for an HTTP/1.1 response in chunked coding whose headers were sent, on a socket of Node's own, while
 * nothing wraps `write` of either. Middleware that wraps it (compression, a recorder), HTTP/1.0, HTTP/2 and other
 * transports get every byte through `res.write`.
 */

const { write } = OutgoingMessage.prototype;
const socketWrite = Socket.prototype.write;
const { _write, _writev } = Socket.prototype;

/** Bytes, and the same bytes as one chunk of the chunked coding. [spec] RFC 9112 §7.1 */
export interface ChunkedBytes {
  readonly bytes: Buffer;
  readonly chunk: Buffer;
}

/** Encodes a text that is not empty. Both buffers share their memory. */
export function encodeChunk(text: string): ChunkedBytes {
  const length = Buffer.byteLength(text);
  const head = `${length.toString(16)}\r\n`;
  const end = head.length + length;
  const chunk = Buffer.allocUnsafe(end + 2);
  chunk.write(head, 'latin1');
  chunk.write(text, head.length);
  chunk.write('\r\n', end, 'latin1');
  return { bytes: chunk.subarray(head.length, end), chunk };
}

/**
 * Returns the socket to which a chunk may be written now instead of by `res.write`; undefined if there is none. Call it
 * only after the first `res.write`, because Node has no public flag for headers that are set but not sent.
 */
export function chunkSocket(res: ServerResponse): Socket | undefined {
  const { socket } = res;
  if (res.write !== write || !socket || socket.write !== socketWrite) return undefined;
  if (!res.chunkedEncoding || res.writableEnded || res.writableCorked > 0) return undefined;
  const prototype = Object.getPrototypeOf(socket);
  const isNodes = prototype === Socket.prototype || prototype === TLSSocket.prototype;
  return isNodes && socket._write === _write && socket._writev === _writev && socket.writable ? socket : undefined;
}
