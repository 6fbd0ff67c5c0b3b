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

/** Whether a chunk written to `socket` now is what `res.write` would have made of it. Asked at every write. */
export function isUnwrapped(res: ServerResponse, socket: Socket): boolean {
  // After the end, which may be somebody else's, the socket is the next response's.
  return res.write === write && !res.writableEnded && socket.writable;
}

let lastBytes: Buffer | undefined;
let lastChunk: Buffer | undefined;

/** `bytes` as a chunk. [spec] RFC 9112 §7.1. The same buffer again for the next browser that gets the same bytes. */
export function frameChunk(bytes: Buffer): Buffer {
  if (bytes === lastBytes) return lastChunk as Buffer;
  const size = bytes.length.toString(16);
  const start = size.length + 2;
  const end = start + bytes.length;
  const chunk = Buffer.allocUnsafe(end + 2);
  for (let i = 0; i < size.length; i++) chunk[i] = size.charCodeAt(i);
  chunk[start - 2] = 0x0d;
  chunk[start - 1] = 0x0a;
  bytes.copy(chunk, start);
  chunk[end] = 0x0d;
  chunk[end + 1] = 0x0a;
  lastBytes = bytes;
  lastChunk = chunk;
  return chunk;
}
