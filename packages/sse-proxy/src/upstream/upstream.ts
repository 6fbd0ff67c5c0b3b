import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { maxHeaderBytes } from '../config/defaults.ts';
import type { UpstreamAddress } from '../config/target.ts';
import type { SseProxyError } from '../errors.ts';
import type { RunInContext } from '../lifecycle/async-context.ts';
import type { DataHandler } from './body-source.ts';
import { onread } from './fast-body/socket-body.ts';
import { watchTls } from './tls-warning.ts';
import { TokenBackoff } from './token-backoff.ts';
import { UpstreamCall, undiciTimeouts } from './upstream-call.ts';

export type { Dispatcher };

/** One upstream request. */
export interface UpstreamRequest {
  readonly address: UpstreamAddress;
  /** name, value, name, value, … */
  readonly headers: string[];
  /** True if the Authorization field came from `upstreamHeaders`: then 401 is no judgement about the browser [R46]. */
  readonly hasOwnAuthorization?: boolean;
  /** Runs the sending in the context of the browser that it is for. @defaultValue in the context of no request */
  readonly run?: RunInContext;
}

/** Handles the response to an {@link UpstreamRequest}. No method is called before `open` has returned. */
export interface UpstreamHandler extends DataHandler {
  /** The connection is established and the request is being sent. Not called if a dispatcher responds without one. */
  onConnected(): void;
  /** The response is 200, an event stream, and has no content coding. Any other response is reported by onError. */
  onHeaders(headers: IncomingHttpHeaders): void;
  /** The response ended as its framing says. Nothing is called afterwards. */
  onComplete(): void;
  /** The request failed, was refused, or the response broke off. Nothing is called afterwards. */
  onError(error: SseProxyError): void;
}

/** A request in progress. */
export interface UpstreamConnection {
  /** Stops delivery; unread bytes stay in the kernel and slow the upstream down. Has no effect before the response. */
  pause(): void;
  resume(): void;
  /**
   * Ends the request in whatever phase it is, DNS and connect included. Nothing is called afterwards. `fault`: the upstream's
   * failure that is the cause; undefined if the request is no longer needed.
   */
  abort(fault?: SseProxyError): void;
}

/** Options of {@link createUpstream}, in milliseconds. */
export interface UpstreamOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly dispatcher: Dispatcher | undefined;
  /** `false`: undici reads every body. */
  readonly fastPath?: boolean;
}

/** Opens upstream requests and counts those in progress. */
export interface Upstream {
  open(request: UpstreamRequest, handler: UpstreamHandler): UpstreamConnection;
  readonly connections: number;
  /** Doubling waits after the upstream has refused the proxy's own credentials. */
  readonly tokenBackoff: TokenBackoff;
}

/**
 * Without a user's dispatcher, every stream gets an undici Client of its own. A pool would search its connections at each
 * request and could not tell which socket connects for which request, so that a browser that leaves could not end a
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
          // undici's connector returns its socket, though its types don't say so.
          connect: (to, callback) => call.connect(() => connect(to, callback) as unknown as Socket),
        });
      }
      call.send(request, dispatcher ?? (call.client as Client));
      return call;
    },
  };
}
