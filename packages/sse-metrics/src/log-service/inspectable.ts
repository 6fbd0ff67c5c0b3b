import type { Inspectable, OpenStream, StreamInfo } from '@datashop/sse-proxy';
import type { LogServiceInspectable, LogServiceStream, OpenLogServiceStream } from '../types.ts';

/** The log service, as sse-proxy describes itself. It has no upstream, and readers at the newest log share a tail. */
export function inspectableOf(router: LogServiceInspectable): Inspectable {
  return {
    stats() {
      const { streams, opening, opened, refused, evicted, events, bytes, bufferedBytes, oldestMs, draining, ...own } =
        router.stats();
      const counters = { opened, refused, evicted, events, bytes };
      const none = { upstreamConnections: 0, sharedFeeds: 0, replayBytes: 0, outageMs: 0 };
      const stats = { open: streams - opening, opening, ...counters, bufferedBytes, ...none, oldestMs, draining };
      // Beside what every source has; see LiveSet.
      return Object.assign(stats, { lateDocuments: own.lateDocuments });
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
