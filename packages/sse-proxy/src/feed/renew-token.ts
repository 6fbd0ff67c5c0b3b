import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../errors.ts';
import type { TokenBackoff } from '../upstream/token-backoff.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import { isUnauthorized } from './refusals.ts';

/** Callbacks for the response to one upstream request; exactly one of them is called. */
export interface PendingConnect {
  readonly onHeaders: (headers: IncomingHttpHeaders) => void;
  readonly onRefused: (error: SseProxyError) => void;
}

/** What {@link renewToken} needs from a feed. */
export interface TokenRenewal {
  readonly tokenBackoff: TokenBackoff;
  /** Makes the request again, which calls `upstreamHeaders` again. */
  readonly prepare: () => Promise<UpstreamRequest>;
  /** Sends the renewed request, unless the feed is closed. */
  readonly open: (request: UpstreamRequest, pending: PendingConnect) => void;
}

/**
 * Wraps the callbacks of a request that carries the proxy's own credentials: after a 401 the request is made and sent
 * once more; a second 401 is reported as `ERR_SSE_UPSTREAM_TOKEN`, which is temporary [R46].
 */
export function renewToken(pending: PendingConnect, { tokenBackoff, prepare, open }: TokenRenewal): PendingConnect {
  const onHeaders = (headers: IncomingHttpHeaders) => {
    tokenBackoff.reset();
    pending.onHeaders(headers);
  };
  const refuse = (cause: SseProxyError) => {
    if (!isUnauthorized(cause)) return pending.onRefused(cause);
    const details = { message: cause.message, cause, retryAfterMs: tokenBackoff.next() };
    pending.onRefused(new SseProxyError('ERR_SSE_UPSTREAM_TOKEN', details));
  };
  const onRefused = (cause: SseProxyError) => {
    if (!isUnauthorized(cause)) return pending.onRefused(cause);
    prepare().then(
      (renewed) => open(renewed, { onHeaders, onRefused: refuse }),
      () => refuse(cause),
    );
  };
  return { onHeaders, onRefused };
}
