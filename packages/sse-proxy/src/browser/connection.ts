import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const http2InternalError = 0x2;
const keepAliveProbeMs = 60_000;

/** The stream of a response of Node's HTTP/2 compatibility API, whose `socket` throws on most uses; else undefined. */
function http2StreamOf(res: ServerResponse): Http2ServerResponse['stream'] | undefined {
  const { stream } = res as unknown as Partial<Http2ServerResponse>;
  return typeof stream?.close === 'function' ? stream : undefined;
}

/**
 * The response's socket, which may be any Duplex; undefined on HTTP/2, where the socket belongs to other streams too.
 */
export function http1SocketOf(res: ServerResponse): Duplex | undefined {
  return http2StreamOf(res) ? undefined : (res.socket ?? undefined);
}

/**
 * Lets the kernel probe whether a browser is still connected, if it gets no heartbeats or rare ones. With frequent
 * heartbeats the connection is never idle for long enough to be probed.
 */
export function probeWhileIdle(res: ServerResponse, heartbeatMs: number | false): void {
  const socket = http1SocketOf(res);
  if ((!heartbeatMs || heartbeatMs > keepAliveProbeMs) && socket && 'setKeepAlive' in socket)
    res.socket?.setKeepAlive(true, keepAliveProbeMs);
}

/**
 * Adds a listener without calling `res.on`, which a middleware may have wrapped: compression's wrapper would add the
 * listener to its gzip stream. Returns a function that removes it.
 */
export function onResponse(
  res: ServerResponse,
  event: 'close' | 'drain' | 'error' | 'finish',
  listener: () => void,
): () => void {
  EventEmitter.prototype.on.call(res, event, listener);
  return () => void EventEmitter.prototype.off.call(res, event, listener);
}

/** True if nothing can be sent to the browser any more: it has left, or something else has ended the response. */
export function isGone(req: IncomingMessage, res: ServerResponse): boolean {
  return res.writableEnded || isClosed(req, res);
}

/** True if the response is closed: its 'close' event has been emitted, or never will be. */
export function isClosed(req: IncomingMessage, res: ServerResponse): boolean {
  if (res.destroyed || res.closed) return true;
  const stream = http2StreamOf(res);
  return stream ? stream.destroyed || stream.closed : Boolean(req.socket?.destroyed || res.socket?.destroyed);
}

/** True if an earlier response on the same connection has not ended: what is written to this one is only buffered. */
export function isPipelined(res: ServerResponse): boolean {
  return res.socket === null;
}

/** True if the request announces a body. [spec] RFC 9112 §6.3 */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

/**
 * Closes the connection once the response has been sent. On HTTP/2, where other streams share the connection, this has
 * an effect only if `isDraining`: the connection accepts no further requests, and closes after the open ones.
 */
export function closeAfter(res: ServerResponse, isDraining: boolean): void {
  const stream = http2StreamOf(res);
  if (stream) {
    if (isDraining) stream.session?.close();
    return;
  }
  const { socket } = res;
  // Not in end()'s callback: session middleware wraps end() and drops the callback.
  onResponse(res, 'finish', () => socket && destroySoon(socket));
}

// Only a net.Socket has destroySoon().
function destroySoon(socket: Socket | Duplex): void {
  if ('destroySoon' in socket) return socket.destroySoon();
  socket.end();
  if (socket.writableFinished) socket.destroy();
  else socket.once('finish', () => socket.destroy());
}

/** Breaks the response off, so that the browser can't treat it as complete. On HTTP/1 that breaks the connection. */
export function breakOff(res: ServerResponse): void {
  // destroy() alone would reset an HTTP/2 stream with NO_ERROR, which some clients treat as the end of the body.
  http2StreamOf(res)?.close(http2InternalError);
  res.destroy();
}
