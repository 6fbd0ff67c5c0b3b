import { OutgoingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/*
 * `res.write` frames each chunk for each browser anew and hands the kernel three buffers where one would do. That was
 * a quarter of what an event cost in shared mode and a tenth in dedicated mode, side by side in one run. So whole
 * events go to the socket already framed, one buffer for all browsers of a feed.
 *
 * Only where that cannot be told from `res.write`: on an HTTP/1.1 response that is being sent in chunks, whose
 * `write` nobody has wrapped. A middleware that has (compression, a recorder) sees every byte, and HTTP/1.0 and
 * HTTP/2 responses are written as ever. `res.end()` stays Node's, which closes the chunked body on the same socket.
 */

const { write } = OutgoingMessage.prototype;

/** The socket of a response whose headers were sent, to write chunks to; undefined if they must go through `res`. */
export function socketOf(res: ServerResponse): Socket | undefined {
  return res.chunkedEncoding && res.writableCorked === 0 ? (res.socket ?? undefined) : undefined;
}

/** Whether a chunk written to the response's socket is what `res.write` would make of it. Asked at every write. */
export function isUnwrapped(res: ServerResponse): boolean {
  return res.write === write;
}

/** Whether the socket still is the response's to write to: after its end, which may be somebody else's, it is the next one's. */
export function isOpen(res: ServerResponse, socket: Socket): boolean {
  return !res.writableEnded && socket.writable;
}
