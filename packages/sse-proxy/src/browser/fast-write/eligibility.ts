import { OutgoingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/*
 * `res.write` frames each chunk for each browser and passes the kernel three buffers where one would do
 * (docs/where-the-time-goes.md). So whole events are written to the socket already framed, one buffer for all browsers
 * of a feed.
 *
 * This is allowed only where `res.write` would send the same bytes: on an HTTP/1.1 response in chunked coding, on a
 * socket of Node's own, while nothing wraps `write` of either. A middleware that does (compression, a recorder) sees
 * every byte. HTTP/1.0, HTTP/2 and Duplex connections always use `res.write`. Every response is ended by `res.end()`,
 * which ends the chunked body on the same socket.
 */

const { write } = OutgoingMessage.prototype;
const socketWrite = Socket.prototype.write;
const { _write, _writev } = Socket.prototype;

/** The socket to write chunks to, for a response whose headers were sent; undefined if they must go through `res`. */
export function socketOf(res: ServerResponse): Socket | undefined {
  const { socket } = res;
  if (!res.chunkedEncoding || res.writableCorked > 0 || !socket) return undefined;
  const prototype = Object.getPrototypeOf(socket);
  const isNodes = prototype === Socket.prototype || prototype === TLSSocket.prototype;
  return isNodes && socket._write === _write && socket._writev === _writev ? socket : undefined;
}

/** True if a chunk written to the response's socket is what `res.write` would make of it. Checked at every write. */
export function isUnwrapped(res: ServerResponse, socket: Socket): boolean {
  return res.write === write && socket.write === socketWrite;
}

/** True while the socket belongs to the response. After the response has ended, it belongs to the next one. */
export function isOpen(res: ServerResponse, socket: Socket): boolean {
  return !res.writableEnded && socket.writable;
}
