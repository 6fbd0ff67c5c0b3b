import type { UpstreamRequest } from '../../upstream/upstream.ts';
import type { FeedListener } from '../feed-parts.ts';

/** The request that goes up for one browser at this moment. */
export interface SharedRequest {
  readonly request: UpstreamRequest;
  /** Equal for browsers that may share a feed [R51]. */
  readonly key: string;
  /** The same key without the Authorization that `upstreamHeaders` returned. */
  readonly looseKey: string;
}

/**
 * Makes the upstream request of one browser by calling the functions among the options. Rejects if one fails, or once
 * the browser has left.
 */
export interface RequestBuilder {
  /** Calls all of them. */
  build(): Promise<SharedRequest>;
  /**
   * With `share.key`: calls all but `upstreamHeaders`. Browsers for which this resolves with the same string share one
   * call of `upstreamHeaders`.
   */
  readonly identify: (() => Promise<string>) | undefined;
}

/** A browser's request for a place in a shared feed. */
export interface JoinRequest {
  readonly made: SharedRequest;
  /** Undefined if no option that makes the request is a function: then the request never changes. */
  readonly builder: RequestBuilder | undefined;
  /** The browser's Last-Event-ID as a byte string; empty if it sent none. */
  readonly cursor: string;
  /** Is notified of what concerns the whole feed, if this browser opens it. */
  readonly feedListener: FeedListener;
  /** Is notified of the gaps that only this browser gets. */
  readonly streamListener: FeedListener;
}
