import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { maxHeaderBytes } from '../config/defaults.ts';
import type { UpstreamAddress } from '../config/target.ts';
import type { SseProxyError } from '../errors.ts';
import { onread } from './fast-body/body-reader.ts';
import { watchTls } from './tls-warning.ts';
import { UpstreamCall, undiciTimeouts } from './upstream-call.ts';

export type { Dispatcher };

/** One upstream request. */
export interface UpstreamRequest {
  readonly address: UpstreamAddress;
  /** name, value, name, value, … */
  readonly headers: string[];
}

/** What becomes of an {@link UpstreamRequest}. After onComplete or onError nothing more is called. */
export interface UpstreamHandler {
  /** 200, text/event-stream, not encoded. Everything else comes as onError. */
  onHeaders(headers: IncomingHttpHeaders): void;
  /** The chunk is lent: it is to be read, sent or copied before this returns. */
  onData(chunk: Buffer): void;
  /** The response ended as HTTP says it should. */
  onComplete(): void;
  onError(error: SseProxyError): void;
}

/** A request under way. */
export interface UpstreamConnection {
  /** Stops reading; what arrives meanwhile stays in the kernel and slows the upstream down. */
  pause(): void;
  resume(): void;
  /** Ends the request in whatever phase it is, DNS and connect included. Calls nothing back. */
  abort(): void;
}

/** Options of {@link createUpstream}, in milliseconds. */
export interface UpstreamOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly dispatcher: Dispatcher | undefined;
}

/** Opens upstream requests and counts those under way. */
export interface Upstream {
  open(request: UpstreamRequest, handler: UpstreamHandler): UpstreamConnection;
  readonly connections: number;
}

/**
 * Without a dispatcher of the user's, every stream gets an undici Client of its own: a pool would scan its
 * connections at each request, and could not say which socket is connecting for whom, so that a browser's leaving
 * could not end a connect. An event stream's connection is never used twice anyway.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  // TLS is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says: switching it off takes an explicit dispatcher.
  const connect = buildConnector({ timeout: 0, allowH2: false, rejectUnauthorized: true, onread });
  const count = { connections: 0 };
  let url: URL | undefined;
  return {
    get connections() {
      return count.connections;
    },
    open(request, handler) {
      const { origin } = request.address;
      const { dispatcher } = options;
      if (dispatcher) watchTls(origin);
      // As good as always the same: it is parsed once, not for each stream.
      if (url?.origin !== origin) url = new URL(origin);
      const exchange = new UpstreamCall(options, count, handler);
      if (!dispatcher) {
        exchange.client = new Client(url, {
          ...undiciTimeouts,
          maxHeaderSize: maxHeaderBytes,
          // undici's connector returns its socket, though its types don't say so.
          connect: (to, callback) => exchange.connect(() => connect(to, callback) as unknown as Socket),
        });
      }
      exchange.send(request, dispatcher ?? (exchange.client as Client));
      return exchange;
    },
  };
}
