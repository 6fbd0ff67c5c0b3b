import { type SseProxyRouter, sseRouter } from '@datashop/sse-proxy';
import { BFF_STREAM, UPSTREAM_LOGS } from '../demo.ts';
import { stillSignedIn } from './session.ts';

/** The live logs: from the log service, through this origin, to the browser. */
export function streamLogs(upstream: string, token: string): SseProxyRouter {
  return sseRouter(
    {
      [BFF_STREAM]: {
        target: `${upstream}${UPSTREAM_LOGS}/stream`,
        forwardQuery: ['log_level', 'search', 'history'],
      },
    },
    {
      // Asked again while a stream lives: a session may run out under it.
      authorize: stillSignedIn,
      reauthorizeMs: 15_000,
      // The service knows us, not the browser's user: its token goes up, nothing of theirs does.
      forwardHeaders: ['traceparent', 'tracestate', 'x-request-id'],
      upstreamHeaders: { authorization: `Bearer ${token}` },
      limits: { total: 1_000, perKey: 10, opensPerMinute: 120 },
    },
  );
}
