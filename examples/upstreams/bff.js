// The BFF: browsers come with a session, the log service gets a bearer token. Run, beside one of the log services:
// SSE_TOKEN=secret node bff.js, then curl -N http://127.0.0.1:3000/sse/logs/stream
import { sseRouter } from '@datashop/sse-proxy';
import express from 'express';

/** `isSignedIn(req)` decides who may watch. `options` are options of `sseRouter` that replace those below. */
export function streamLogs({ upstream, token, isSignedIn, ...options }) {
  return sseRouter(
    { '/sse/logs/stream': { target: `${upstream}/logs/stream` } },
    {
      authorize: isSignedIn,
      // No credential of a browser is forwarded, so all browsers can share one upstream connection.
      forwardHeaders: [],
      upstreamHeaders: { authorization: `Bearer ${token}` },
      share: true,
      ...options,
    },
  );
}

if (import.meta.main) {
  const { UPSTREAM = 'http://127.0.0.1:8610', SSE_TOKEN, PORT = '3000' } = process.env;
  const app = express();
  app.use(streamLogs({ upstream: UPSTREAM, token: SSE_TOKEN, isSignedIn: () => true }));
  app.listen(Number(PORT), '127.0.0.1');
}
