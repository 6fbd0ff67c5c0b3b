import { sseProxy } from '@datashop/sse-proxy';
import { Agent } from 'undici';

/** Many streams of an upstream over one HTTP/2 connection, where it allows that. `ca`: who vouches for it, as PEM. */
export function http2Upstream(target: string, ca?: string) {
  const dispatcher = new Agent({
    allowH2: true,
    connections: 1,
    // As many streams at once; further ones wait.
    pipelining: 100,
    connect: { ca },
  });
  return sseProxy({ target, dispatcher });
}
