/// <reference path="./shim.d.ts" />
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSyncExternalStore } from 'use-sync-external-store/shim';
import { createEventStream } from './event-stream.ts';
import { idleSnapshot } from './idle-snapshot.ts';
import { pickLiveOptions } from './options.ts';
import type { EventStream, EventStreamOptions, StreamSnapshot } from './types.ts';

type Methods = Pick<EventStream, 'connect' | 'disconnect' | 'retryNow' | 'seed' | 'fill' | 'clear' | 'reset' | 'wipe'>;

/** The snapshot and the methods of the stream. The methods are the same at every render; without a stream they do nothing. */
export interface UseEventStreamResult extends StreamSnapshot, Methods {
  /** The stream itself; null without a URL, on the server, and during the first render. */
  readonly stream: EventStream | null;
}

const subscribeToNothing = () => () => {};

/**
 * Keeps one stream while the component is mounted. It connects when mounted, unless `autoConnect` is false or the user
 * switched it off. A change of the URL, of `persist.scope` or of `shareTabs` closes it and makes another one. Changes of
 * the options in {@link LiveOptions} apply to the same stream, from its next attempt on; options may be written inline.
 *
 * @param url null for no stream
 * @throws TypeError for a wrong URL or option, in an effect
 * @example
 * ```tsx
 * const { status, entries, counts, retryNow } = useEventStream('/sse/logs/stream', {
 *   headers: { Authorization: `Bearer ${token}` },
 * });
 * ```
 */
export function useEventStream(url: string | null, options: EventStreamOptions = {}): UseEventStreamResult {
  const latest = useRef(options);
  latest.current = options;
  const held = useRef<EventStream | null>(null);
  const [made, setMade] = useState<{ key: string; stream: EventStream } | null>(null);
  const { persist, shareTabs } = options;
  const scope = persist ? persist.scope : null;
  const key = JSON.stringify([url, scope, shareTabs]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the URL and the options that it contains
  useEffect(() => {
    if (url === null) return;
    const { autoConnect = true } = latest.current;
    const stream = createEventStream(url, { ...latest.current, autoConnect });
    held.current = stream;
    setMade({ key, stream });
    return () => {
      held.current = null;
      stream.close();
    };
  }, [key]);

  useEffect(() => {
    held.current?.setOptions(pickLiveOptions(options));
  });

  // A stream of another URL or user is not shown under this one.
  const stream = made?.key === key ? made.stream : null;
  const getSnapshot = stream?.getSnapshot ?? idleSnapshot;
  const snapshot = useSyncExternalStore(stream?.subscribe ?? subscribeToNothing, getSnapshot, idleSnapshot);
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
