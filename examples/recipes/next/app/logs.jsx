'use client';

import { useEventStream } from '@datashop/sse-client/react';

/** Rendered on the server as `idle`; the stream opens in the browser. */
export function Logs() {
  const { status, entries } = useEventStream('/sse/logs/stream', { maxEntries: 500 });
  return (
    <main data-status={status}>
      <p>{status}</p>
      <ol>
        {[...entries].map((entry) => (
          <li key={entry.key}>{entry.kind === 'event' ? entry.data : `gap: ${entry.reason}`}</li>
        ))}
      </ol>
    </main>
  );
}
