import type { Inspectable, OpenStream, StreamInfo } from '@datashop/sse-proxy';
import type { LogServiceInspectable, LogServiceStream, OpenLogServiceStream } from '../types.ts';

/** The log service, as sse-proxy describes itself. It has no upstream, and readers at the newest log share a tail. */
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

/** Names a stream. The workflow is in `fields`: a page of the BFF and one of the log service then show the same. */
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
