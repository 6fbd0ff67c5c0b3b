import { type SseProxyRouter, sseRouter } from '@datashop/sse-proxy';
import { streamPath, upstreamLogsPath } from '../demo.ts';
import { stillSignedIn } from './session.ts';

/** Proxies the live logs from the log service to the browser, through this origin. */
export function streamLogs(upstream: string, token: string): SseProxyRouter {
  return sseRouter(
    {
      [streamPath]: {
        target: `${upstream}${upstreamLogsPath}/stream`,
        forwardQuery: ['log_level', 'search', 'history'],
      },
    },
    {
      // Checked again while a stream is open, because its session may expire.
      authorize: stillSignedIn,
      reauthorizeMs: 15_000,
      // The log service authenticates this server, so no credential of the browser goes up.
      forwardHeaders: ['traceparent', 'tracestate', 'x-request-id'],
      upstreamHeaders: { authorization: `Bearer ${token}` },
      limits: { total: 1_000, rules: [{ name: 'user', max: 10, opensPerMinute: 120 }] },
    },
  );
}
