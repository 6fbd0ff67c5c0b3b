/// <reference path="./shim.d.ts" />
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSyncExternalStore } from 'use-sync-external-store/shim';
import { createEventStream } from './event-stream.ts';
import { idleSnapshot } from './idle-snapshot.ts';
import type { EventStream, EventStreamOptions, StreamSnapshot } from './types.ts';

type Methods = Omit<EventStream, 'url' | 'subscribe' | 'getSnapshot' | 'close'>;

/** The snapshot, and what can be done: the methods never change, and do nothing while there is no stream. */
export interface UseEventStreamResult extends StreamSnapshot, Methods {
  /** Null without a URL, on the server, and during the first render. */
  readonly stream: EventStream | null;
}

const nothing = () => () => {};

/**
 * One stream for as long as the component is mounted and the URL stays the same. It connects when mounted, unless
 * `autoConnect` is false or the user had switched it off. The options are read when the stream is made; what they are
 * later does not matter, so that they may be written inline.
 *
 * @param url null for no stream
 * @example
 * ```tsx
 * const { status, entries, counts, retryNow } = useEventStream('/sse/logs/stream');
 * ```
 */
export function useEventStream(url: string | null, options: EventStreamOptions = {}): UseEventStreamResult {
  const latest = useRef(options);
  latest.current = options;
  const held = useRef<EventStream | null>(null);
  const [made, setMade] = useState<EventStream | null>(null);

  useEffect(() => {
    if (url === null) return;
    const { autoConnect = true } = latest.current;
    const created = createEventStream(url, { ...latest.current, autoConnect });
    held.current = created;
    setMade(created);
    return () => {
      held.current = null;
      created.close();
    };
  }, [url]);

  // What belonged to another URL is not shown under this one.
  const stream = made?.url === url ? made : null;
  const getSnapshot = stream?.getSnapshot ?? idleSnapshot;
  const snapshot = useSyncExternalStore(stream?.subscribe ?? nothing, getSnapshot, idleSnapshot);
  const [methods] = useState<Methods>(() => ({
    connect: () => held.current?.connect(),
    disconnect: () => held.current?.disconnect(),
    retryNow: () => held.current?.retryNow(),
    seed: (events, seedOptions) => held.current?.seed(events, seedOptions),
    fill: (gapKey, events) => held.current?.fill(gapKey, events) ?? 0,
    clear: () => held.current?.clear(),
    reset: () => held.current?.reset(),
    wipe: () => held.current?.wipe(),
  }));
  return useMemo(() => ({ ...snapshot, ...methods, stream }), [snapshot, methods, stream]);
}
