import type { Inspectable, OpenStream, StreamInfo } from '@datashop/sse-proxy';
import type { LogServiceInspectable, LogServiceStream, OpenLogServiceStream } from '../types.ts';

/** Describes the log service in the way of sse-proxy. It has no upstream; readers at the newest log share a tail. */
export function inspectableOf(router: LogServiceInspectable): Inspectable {
  return {
    stats() {
      // Passes `lateDocuments` on, too, which LiveSet reads.
      const { streams, ...stats } = router.stats();
      const none = { upstreamConnections: 0, sharedFeeds: 0, replayBytes: 0, outageMs: 0 };
      return { ...stats, open: streams - stats.opening, ...none };
    },
    streams: () => router.streams().map(openStreamOf),
    feeds: () => [],
  };
}

/**
 * Identifies a stream. The workflow is in `fields`, so that the admin pages of the BFF and of the log service show it
 * alike.
 */
export function infoOf({ id, route, key, resumed, workspaceID, workflowID }: LogServiceStream): StreamInfo {
  const fields = {
    ...(workspaceID !== undefined && { workspace: workspaceID }),
    ...(workflowID !== undefined && { workflow: workflowID }),
  };
  return { id, route, params: {}, key, fields, resumed };
}

function openStreamOf(stream: OpenLogServiceStream): OpenStream {
  const { since, events, bytes, bufferedBytes, atTip } = stream;
  const behind = { bufferedBytes, behindEvents: 0, behindBytes: bufferedBytes };
  return { ...infoOf(stream), since, events, bytes, ...behind, feed: atTip ? 'tail' : undefined, upstream: 'open' };
}
