import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { SseProxyError } from '../errors.ts';
import { isPromiseLike } from './call-hook.ts';

/**
 * Calls `listener` if `returned` is a promise that rejects. For the results of a response's methods: a middleware may
 * have wrapped these in async functions, and an unhandled rejection would end the process [R45].
 */
export function onRejection(returned: unknown, listener: (cause: unknown) => void): void {
  if (isPromiseLike(returned)) returned.then(undefined, listener);
}

/**
 * Calls `res.writeHead`. Every response needs this call: otherwise Node calls `writeHead` by itself, and drops the
 * promise that a wrapper of it returns. `onFailure` is called if that rejects.
 *
 * @throws whatever a wrapper throws, and SseProxyError `ERR_SSE_INTERNAL` if it did not pass the call on
 */
export function writeHead(
  res: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  onFailure: () => void,
): void {
  onRejection(res.writeHead(status, headers), onFailure);
  // On HTTP/2 Node sends no headers to a browser that has left.
  if (res.headersSent || res.destroyed || res.closed) return;
  throw new SseProxyError('ERR_SSE_INTERNAL', { message: 'a wrapper of res.writeHead did not pass the call on' });
}
