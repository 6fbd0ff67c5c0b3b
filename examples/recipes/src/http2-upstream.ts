import { sseProxy } from '@datashop/sse-proxy';
import { Agent } from 'undici';

/** Up to 100 streams of an upstream over one HTTP/2 connection. `ca`: who vouches for the upstream, as PEM. */
export function http2Upstream(target: string, ca?: string) {
  const dispatcher = new Agent({
    allowH2: true,
    // No limit: past one, a browser would wait until another one leaves. A further connection is opened instead.
    connections: null,
    pipelining: 100,
    connect: { ca },
  });
  return sseProxy({ target, dispatcher });
}
