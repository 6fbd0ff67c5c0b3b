import type { IncomingHttpHeaders } from 'node:http';
import type { Request } from 'express';
import type { Dispatcher } from 'undici';
import type { UpstreamAddress } from '../config/target.ts';
import type { SseProxyError } from '../errors.ts';
import type { RunInContext } from '../lifecycle/async-context.ts';
import type { SpanReference } from '../types.ts';
import type { DataHandler } from './body-source.ts';

export type { Dispatcher };

/**
 * One upstream request: over HTTP, or a call of `source`. For the latter, address and headers are the browser's own.
 */
export interface UpstreamRequest {
  readonly address: UpstreamAddress;
  /** name, value, name, value, … */
  readonly headers: string[];
  /** True if the Authorization field came from `upstreamHeaders`: then a 401 does not concern the browser [R46]. */
  readonly hasOwnAuthorization?: boolean;
  /** The browser's request that `source` is called with; undefined over HTTP. */
  readonly req?: Request;
  /** Key of the shared feed; undefined for a dedicated one. */
  readonly feedKey?: string;
  /** True if the feed is open and reconnects. Set by the feed. */
  readonly isResume?: boolean;
  /**
   * Sends the request, or calls the source, in the asynchronous context of the browser's request.
   * @defaultValue in the context of no request
   */
  readonly run?: RunInContext;
}

/** Handles the response to an {@link UpstreamRequest}. No method is called before `open` has returned. */
export interface UpstreamHandler extends DataHandler {
  /** The connection is established and the request is being sent. Not called if a dispatcher responds without one. */
  onConnected(): void;
  /** The response is 200, an event stream, and has no content coding. Any other response is reported by onError. */
  onHeaders(headers: IncomingHttpHeaders): void;
  /** The response ended as its framing demands. Nothing is called afterwards. */
  onComplete(): void;
  /** The request failed, was refused, or the response broke off. Nothing is called afterwards. */
  onError(error: SseProxyError): void;
}

/** A request in progress. */
export interface UpstreamConnection {
  /** The span that a tracing agent has created for the request; undefined without an agent. */
  readonly span?: SpanReference | undefined;
  /** Stops delivery; unread bytes stay in the kernel and slow the upstream down. Has no effect before the response. */
  pause(): void;
  resume(): void;
  /**
   * Ends the request in whatever phase it is, DNS and connect included. Nothing is called afterwards. `fault`: the
   * upstream's failure that is the cause; undefined if the request is no longer needed.
   */
  abort(fault?: SseProxyError): void;
}

/** Options of `createUpstream`, in milliseconds. */
export interface UpstreamOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly dispatcher: Dispatcher | undefined;
  /** `false`: undici reads every body. */
  readonly fastPath?: boolean;
}
