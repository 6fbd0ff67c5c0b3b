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
 * Calls the function hooks that make a browser's upstream request. Rejects if one fails, or once the browser has left.
 */
export interface RequestSource {
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
  /** Undefined if no function hook is configured: then the request never changes. */
  readonly source: RequestSource | undefined;
  /** The browser's Last-Event-ID as a byte string; empty if it sent none. */
  readonly cursor: string;
  /** Is notified of what concerns the whole feed, if this browser opens it. */
  readonly feedListener: FeedListener;
  /** Is notified of the gaps that only this browser gets. */
  readonly streamListener: FeedListener;
}
