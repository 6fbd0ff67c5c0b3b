import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import { maxHeaderBytes } from '../config/defaults.ts';
import { onread } from './fast-body/socket-body.ts';
import { watchTls } from './tls-warning.ts';
import { TokenBackoff } from './token-backoff.ts';
import { UpstreamCall, undiciTimeouts } from './upstream-call.ts';
import type { UpstreamConnection, UpstreamHandler, UpstreamOptions, UpstreamRequest } from './upstream-request.ts';

export type { UpstreamConnection, UpstreamHandler, UpstreamOptions, UpstreamRequest } from './upstream-request.ts';

/** Opens upstream requests and counts those in progress. */
export interface Upstream {
  open(request: UpstreamRequest, handler: UpstreamHandler): UpstreamConnection;
  readonly connections: number;
  /** Doubling waits after the upstream has refused the proxy's own credentials. */
  readonly tokenBackoff: TokenBackoff;
}

/**
 * Without a user's dispatcher, every stream gets an undici Client of its own. A pool would search its connections at
 * each request, and does not expose which socket connects for which request, so a browser that leaves could not end a
 * connect. The connection of an event stream is never reused anyway [R11].
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  // TLS is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says: only an explicit dispatcher can switch it off.
  const connect = buildConnector({ timeout: 0, allowH2: false, rejectUnauthorized: true, onread });
  const count = { connections: 0 };
  const tokenBackoff = new TokenBackoff();
  let url: URL | undefined;
  return {
    tokenBackoff,
    get connections() {
      return count.connections;
    },
    open(request, handler) {
      const { origin } = request.address;
      const { dispatcher } = options;
      if (dispatcher) watchTls(origin);
      // The origin almost never changes: parse it once, not for each stream.
      if (url?.origin !== origin) url = new URL(origin);
      const call = new UpstreamCall(options, count, handler);
      if (!dispatcher) {
        call.client = new Client(url, {
          ...undiciTimeouts,
          maxHeaderSize: maxHeaderBytes,
          // undici's connector returns its socket, though its types don't declare it.
          connect: (to, callback) => call.connect(() => connect(to, callback) as unknown as Socket),
        });
      }
      call.send(request, dispatcher ?? (call.client as Client));
      return call;
    },
  };
}
